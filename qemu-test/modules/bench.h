/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/* What is probed in a measurement, for the C twin; bench.rs says the same. */
#ifndef _RPROBES_BENCH_H
#define _RPROBES_BENCH_H

#include <linux/tracepoint.h>
#include <linux/types.h>

/* How often what is probed is called for a measurement. */
#define RPROBES_BENCH_CALLS 100000

unsigned long rprobes_bench_target(unsigned long n);

/* What a member is read of. */
struct rprobes_bench {
	unsigned long before[4];
	unsigned long value;
};

unsigned long rprobes_bench_member(struct rprobes_bench *of);
u64 rprobes_bench_run(unsigned long calls);
u64 rprobes_bench_run_on_all(unsigned long calls);
u64 rprobes_bench_run_member(unsigned long calls);
u64 rprobes_bench_run_tracepoint(unsigned long calls);
void rprobes_bench_call_many(void);

/* A tracepoint without an event: what that is made of is left out. */
TRACE_EVENT(rprobes_bench_tracepoint, TP_PROTO(unsigned long n), TP_ARGS(n), , , );

/* What is probed if many functions are, see bench_target.c. */
#define RPROBES_BENCH_MANY 1000
typedef unsigned long rprobes_bench_function(unsigned long i);
extern rprobes_bench_function *const rprobes_bench_many[RPROBES_BENCH_MANY];

extern const u32 rprobes_bench_offset;
extern const u32 rprobes_bench_many_offset;

#endif
