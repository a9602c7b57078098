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

/* Returns how many nanoseconds @calls calls take. */
u64 rprobes_bench_run(unsigned long calls)
{
	unsigned long i, n = 0;
	u64 begun = ktime_get_ns();

	for (i = 0; i < calls; i++)
		n = rprobes_bench_target(n);
	return ktime_get_ns() - begun;
}
EXPORT_SYMBOL_GPL(rprobes_bench_run);

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
