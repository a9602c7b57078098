/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Paths of files, in any context: rust/helpers/path.c
 */
#ifndef _RPROBES_PATH_H
#define _RPROBES_PATH_H

#include <linux/types.h>

#include <btf_offsets.h>

/* struct mount and struct mnt_namespace are private to fs/. */
#if defined(RPROBES_BTF_mount_mnt) && defined(RPROBES_BTF_mount_mnt_parent) && \
	defined(RPROBES_BTF_mount_mnt_mountpoint) && defined(RPROBES_BTF_mnt_namespace_ns)
#define RPROBES_KNOWS_MOUNTS 1
#else
#define RPROBES_KNOWS_MOUNTS 0
#endif

ssize_t rprobes_path(unsigned long address, char *buffer, size_t size, bool *cut);
ssize_t rprobes_file_path(unsigned long address, char *buffer, size_t size, bool *cut);
ssize_t rprobes_dentry_path(unsigned long address, char *buffer, size_t size, bool *cut);

#endif /* _RPROBES_PATH_H */
