/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Memory: rust/helpers/percpu.c
 */
#ifndef _RPROBES_PERCPU_H
#define _RPROBES_PERCPU_H

#include <linux/types.h>

u64 *rprobes_percpu_alloc(size_t count);
void rprobes_percpu_free(u64 *words);
void rprobes_percpu_add(u64 *word, u64 n);
u64 rprobes_percpu_read(u64 *word);
void rprobes_percpu_set(u64 *word, unsigned int cpu, u64 value);
u64 rprobes_percpu_sum(const u64 *word);
bool rprobes_may_take(size_t bytes);

#endif /* _RPROBES_PERCPU_H */
