/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/* What is probed in a measurement, for the C twin; bench.rs says the same. */
#ifndef _RPROBES_BENCH_H
#define _RPROBES_BENCH_H

#include <linux/types.h>

unsigned long rprobes_bench_target(unsigned long n);

/* What a member is read of. */
struct rprobes_bench {
	unsigned long before[4];
	unsigned long value;
};

unsigned long rprobes_bench_member(struct rprobes_bench *of);
u64 rprobes_bench_run(unsigned long calls);
u64 rprobes_bench_run_member(unsigned long calls);
void rprobes_bench_call_many(void);
extern const u32 rprobes_bench_offset;
extern const u32 rprobes_bench_many_offset;

#endif
