/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Tracepoints: rust/helpers/tracepoint.c
 */
#ifndef _RPROBES_TRACEPOINT_H
#define _RPROBES_TRACEPOINT_H

#include <linux/types.h>

/* A &struct tracepoint is passed as what it is to others: an address. */
typedef void (*rprobes_tracepoint_visit_t)(void *data, const char *name, void *tracepoint);

void rprobes_tracepoint_each(rprobes_tracepoint_visit_t visit, void *data);
void rprobes_tracepoint_each_of(void *module, rprobes_tracepoint_visit_t visit, void *data);
int rprobes_tracepoint_register(void *tracepoint, const void *callback, void *data);
void rprobes_tracepoint_unregister(void *tracepoint, const void *callback, void *data);
void rprobes_tracepoint_synchronize(void);

#endif /* _RPROBES_TRACEPOINT_H */
