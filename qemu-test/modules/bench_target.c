// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The function that measurements probe, and what calls it.
 */
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/smp.h>

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

DEFINE_TRACE(rprobes_bench_tracepoint, TP_PROTO(unsigned long n), TP_ARGS(n));
EXPORT_TRACEPOINT_SYMBOL_GPL(rprobes_bench_tracepoint);

u64 rprobes_bench_run_tracepoint(unsigned long calls)
{
	u64 begun = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < calls; i++)
		trace_rprobes_bench_tracepoint(i);
	return ktime_get_ns() - begun;
}
EXPORT_SYMBOL_GPL(rprobes_bench_run_tracepoint);

static void run(void *calls)
{
	unsigned long i, n = 0;

	for (i = 0; i < *(unsigned long *)calls; i++)
		n = rprobes_bench_target(n);
}

u64 rprobes_bench_run(unsigned long calls)
{
	u64 begun = ktime_get_ns();

	run(&calls);
	return ktime_get_ns() - begun;
}
EXPORT_SYMBOL_GPL(rprobes_bench_run);

/*
 * The same on all CPUs at once, with interrupts off, for nothing else to run. QEMU runs one instruction after the other,
 * and all CPUs have one clock, which so counts the instructions of all of them: return the share of one.
 */
u64 rprobes_bench_run_on_all(unsigned long calls)
{
	u64 begun = ktime_get_ns();

	on_each_cpu(run, &calls, true);
	return (ktime_get_ns() - begun) / num_online_cpus();
}
EXPORT_SYMBOL_GPL(rprobes_bench_run_on_all);

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
#define DO10(what, n) what(n##0) what(n##1) what(n##2) what(n##3) what(n##4) what(n##5) what(n##6) what(n##7) what(n##8) what(n##9)
#define DO100(what, n) DO10(what, n##0) DO10(what, n##1) DO10(what, n##2) DO10(what, n##3) DO10(what, n##4) \
	DO10(what, n##5) DO10(what, n##6) DO10(what, n##7) DO10(what, n##8) DO10(what, n##9)
#define DO1000(what) DO100(what, 0) DO100(what, 1) DO100(what, 2) DO100(what, 3) DO100(what, 4) \
	DO100(what, 5) DO100(what, 6) DO100(what, 7) DO100(what, 8) DO100(what, 9)

DO1000(MANY)

/* Their addresses. */
#define ADDRESS(n) rprobes_bench_##n,
rprobes_bench_function *const rprobes_bench_many[RPROBES_BENCH_MANY] = { DO1000(ADDRESS) };
EXPORT_SYMBOL_GPL(rprobes_bench_many);

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

/* For probes that no module registers: to read it is to run. Of several times, the one in which nothing else ran. */
static int get_run(char *buffer, const struct kernel_param *param)
{
	u64 least = U64_MAX;
	int i;

	for (i = 0; i < 5; i++)
		least = min(least, rprobes_bench_run(RPROBES_BENCH_CALLS));
	return sysfs_emit(buffer, "%llu\n", least);
}

static const struct kernel_param_ops run_ops = { .get = get_run };
module_param_cb(run, &run_ops, NULL, 0444);
MODULE_PARM_DESC(run, "How many nanoseconds the calls of a measurement take");

/* What a single grace period takes, as those who unregister probes wait for some. */
static int get_grace(char *buffer, const struct kernel_param *param)
{
	u64 begun = ktime_get_ns(), done;

	synchronize_rcu();
	done = ktime_get_ns();
	synchronize_rcu_tasks();
	return sysfs_emit(buffer, "%llu %llu\n", (done - begun) / 1000, (ktime_get_ns() - done) / 1000);
}

static const struct kernel_param_ops grace_ops = { .get = get_grace };
module_param_cb(grace, &grace_ops, NULL, 0444);
MODULE_PARM_DESC(grace, "How many microseconds a grace period takes, and one of RCU for tasks");

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
