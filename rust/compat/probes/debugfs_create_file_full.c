// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 6.14: debugfs_create_file() without the auxiliary pointer before
#include <linux/debugfs.h>
struct dentry *probe(const struct file_operations *fops);
struct dentry *probe(const struct file_operations *fops)
{
	return debugfs_create_file_full("", 0, NULL, NULL, NULL, fops);
}
