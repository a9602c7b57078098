// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The function that measurements probe, and what calls it.
 */
#include <linux/ktime.h>
#include <linux/module.h>

#include "bench.h"

/*
 * The NOPs are the place of a probe inside the function: enough of them for the jump of an optimised probe. Its
 * offset is for others to read; the address itself must not be taken: it is no place to branch to.
 */
asm(".pushsection .rodata\n"
    ".globl rprobes_bench_offset\n"
    ".balign 4\n"
    "rprobes_bench_offset: .long .Lrprobes_bench_inside - rprobes_bench_target\n"
    ".popsection");

noinline unsigned long rprobes_bench_target(unsigned long n)
{
	asm volatile(".Lrprobes_bench_inside:\n"
		     ".rept 8\n"
		     "nop\n"
		     ".endr\n" : "+r" (n));
	return n + 1;
}
EXPORT_SYMBOL_GPL(rprobes_bench_target);
EXPORT_SYMBOL_GPL(rprobes_bench_offset);

noinline unsigned long rprobes_bench_member(struct rprobes_bench *of)
{
	return ++of->value;
}
EXPORT_SYMBOL_GPL(rprobes_bench_member);

/* Return how many nanoseconds @calls calls take. */
u64 rprobes_bench_run_member(unsigned long calls)
{
	struct rprobes_bench of = {};
	u64 begun = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < calls; i++)
		rprobes_bench_member(&of);
	return ktime_get_ns() - begun;
}
EXPORT_SYMBOL_GPL(rprobes_bench_run_member);

u64 rprobes_bench_run(unsigned long calls)
{
	unsigned long i, n = 0;
	u64 begun = ktime_get_ns();

	for (i = 0; i < calls; i++)
		n = rprobes_bench_target(n);
	return ktime_get_ns() - begun;
}
EXPORT_SYMBOL_GPL(rprobes_bench_run);

/*
 * A thousand functions to be probed at once, all alike: rprobes_bench_000 to rprobes_bench_999. The instruction at
 * rprobes_bench_many_offset is inside each.
 */
#define MANY(n) \
	noinline unsigned long rprobes_bench_##n(unsigned long i); \
	noinline unsigned long rprobes_bench_##n(unsigned long i) \
	{ \
		asm volatile(".Lrprobes_bench_many_" #n ":\n" \
			     ".rept 8\n" \
			     "nop\n" \
			     ".endr\n" : "+r" (i)); \
		return i + 1; \
	}
#define MANY10(n) MANY(n##0) MANY(n##1) MANY(n##2) MANY(n##3) MANY(n##4) MANY(n##5) MANY(n##6) MANY(n##7) MANY(n##8) MANY(n##9)
#define MANY100(n) MANY10(n##0) MANY10(n##1) MANY10(n##2) MANY10(n##3) MANY10(n##4) MANY10(n##5) MANY10(n##6) MANY10(n##7) \
	MANY10(n##8) MANY10(n##9)

MANY100(0)
MANY100(1)
MANY100(2)
MANY100(3)
MANY100(4)
MANY100(5)
MANY100(6)
MANY100(7)
MANY100(8)
MANY100(9)

asm(".pushsection .rodata\n"
    ".globl rprobes_bench_many_offset\n"
    ".balign 4\n"
    "rprobes_bench_many_offset: .long .Lrprobes_bench_many_000 - rprobes_bench_000\n"
    ".popsection");
EXPORT_SYMBOL_GPL(rprobes_bench_many_offset);

/* For the probes to have hits to count. */
void rprobes_bench_call_many(void)
{
	rprobes_bench_000(0);
	rprobes_bench_999(0);
}
EXPORT_SYMBOL_GPL(rprobes_bench_call_many);

static unsigned int calls;
module_param(calls, uint, 0444);
MODULE_PARM_DESC(calls, "How many times to call it at once");

static int __init bench_target_init(void)
{
	rprobes_bench_run(calls);
	return 0;
}

static void __exit bench_target_exit(void)
{
}

module_init(bench_target_init);
module_exit(bench_target_exit);
MODULE_DESCRIPTION("What measurements probe");
MODULE_LICENSE("GPL");
