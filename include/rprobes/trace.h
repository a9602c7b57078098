/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The trace buffer: rust/helpers/trace.c
 */
#ifndef _RPROBES_TRACE_H
#define _RPROBES_TRACE_H

void rprobes_trace_printk(const char *text);

#endif /* _RPROBES_TRACE_H */
