/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Files of the module in debugfs: rust/helpers/debugfs.c. For other helpers, so not among what bindgen reads.
 */
#ifndef _RPROBES_DEBUGFS_H
#define _RPROBES_DEBUGFS_H

#include <linux/list.h>
#include <linux/types.h>

struct dentry;
struct file_operations;
struct task_struct;

/**
 * struct rprobes_debugfs_insider - a call of a function of the author's, for a file
 * @link: in the list of these
 * @task: which task calls
 * @of: what has the file
 */
struct rprobes_debugfs_insider {
	struct list_head link;
	struct task_struct *task;
	const void *of;
};

void rprobes_debugfs_enter(struct rprobes_debugfs_insider *insider, const void *of);
void rprobes_debugfs_leave(struct rprobes_debugfs_insider *insider);
bool rprobes_debugfs_is_inside(const void *of);

struct dentry *rprobes_debugfs_create(const char *name, umode_t mode, void *data, const struct file_operations *operations);
bool rprobes_debugfs_is_held(struct dentry *file);
bool rprobes_debugfs_remove(struct dentry *file);

#endif
