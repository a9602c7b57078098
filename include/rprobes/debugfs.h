/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The directory of the module in debugfs: rust/helpers/debugfs.c. For other helpers, so not among what bindgen reads.
 */
#ifndef _RPROBES_DEBUGFS_H
#define _RPROBES_DEBUGFS_H

struct dentry;

struct dentry *rprobes_debugfs_get(void);
void rprobes_debugfs_put(void);

#endif
