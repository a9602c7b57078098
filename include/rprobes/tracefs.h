/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The files of tracefs: rust/helpers/tracefs.c
 */
#ifndef _RPROBES_TRACEFS_H
#define _RPROBES_TRACEFS_H

#include <linux/types.h>

ssize_t rprobes_tracefs_read(const char *path, char *buffer, size_t size);
ssize_t rprobes_tracefs_write(const char *path, const char *text, size_t len);

#endif /* _RPROBES_TRACEFS_H */
