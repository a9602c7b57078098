/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Files of the module in debugfs: rust/helpers/debugfs.c. For other helpers, so not among what bindgen reads.
 */
#ifndef _RPROBES_DEBUGFS_H
#define _RPROBES_DEBUGFS_H

#include <linux/types.h>

struct dentry;
struct file_operations;

struct dentry *rprobes_debugfs_create(const char *name, umode_t mode, void *data, const struct file_operations *operations);
bool rprobes_debugfs_is_held(struct dentry *file);
bool rprobes_debugfs_remove(struct dentry *file);

#endif
