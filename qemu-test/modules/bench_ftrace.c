// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The C twin of bench.rs for probes on functions: direct calls, ftrace_ops and fprobes, and for those at tracepoints, with the
 * same handlers. What the kernel does not have is refused.
 */
/* KBUILD_MODNAME has the path of the module, too. */
#define pr_fmt(fmt) "bench_ftrace_c: " fmt

#include <linux/delay.h>
#include <linux/fprobe.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/version.h>

#include "bench.h"

static char *what = "ops";
module_param(what, charp, 0);

static unsigned int many;
module_param(many, uint, 0);

static bool cpus;
module_param(cpus, bool, 0);

struct seen {
	u64 sum;
	u64 hits;
	/* Hits in a handler on the same CPU. */
	u64 missed;
	bool inside;
};
static DEFINE_PER_CPU(struct seen, seen);

static __always_inline void see(u64 value)
{
	raw_cpu_add(seen.sum, value);
	raw_cpu_inc(seen.hits);
}

/*
 * Returns whether a handler may run. An interrupt between the test and the set leaves the flag as it found it, so that
 * neither needs to be atomic.
 */
static __always_inline bool enter(void)
{
	preempt_disable_notrace();
	if (unlikely(raw_cpu_read(seen.inside))) {
		raw_cpu_inc(seen.missed);
		preempt_enable_notrace();
		return false;
	}
	raw_cpu_write(seen.inside, true);
	barrier();
	return true;
}

static __always_inline void leave(void)
{
	barrier();
	raw_cpu_write(seen.inside, false);
	preempt_enable_notrace();
}

/* The functions to be probed. */
static unsigned long ips[RPROBES_BENCH_MANY + 1];
static unsigned int n_ips;

/* Before Linux 6.4, direct calls are registered in another way. */
#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define HAS_DIRECT
void bench_direct_trampoline(void);
void bench_direct_ret_trampoline(void);
void bench_direct_ret_data_trampoline(void);
void bench_direct_entry(unsigned long n);
void bench_direct_ret(unsigned long value);
bool bench_direct_entry_data(unsigned long n, unsigned long *data);
void bench_direct_ret_data(unsigned long value, unsigned long data);

/* Calls of the function that a trampoline has made. They may return on another CPU, so only the sum has a meaning. */
DECLARE_PER_CPU(unsigned long, bench_under_way);
DEFINE_PER_CPU(unsigned long, bench_under_way);

void __kprobes bench_direct_entry(unsigned long n)
{
	if (enter()) {
		see(n);
		leave();
	}
}

void __kprobes bench_direct_ret(unsigned long value)
{
	if (enter()) {
		see(value);
		leave();
	}
}

bool __kprobes bench_direct_entry_data(unsigned long n, unsigned long *data)
{
	if (!enter())
		return false;
	*data = n;
	leave();
	return true;
}

void __kprobes bench_direct_ret_data(unsigned long value, unsigned long data)
{
	if (enter()) {
		see(value - data);
		leave();
	}
}

static struct ftrace_ops direct_ops;
static unsigned long trampoline;

static int attach_to(void (*to)(void))
{
	int err = ftrace_set_filter_ips(&direct_ops, ips, 1, 0, 1);

	if (err)
		return err;
	trampoline = (unsigned long)to;
	err = register_ftrace_direct(&direct_ops, trampoline);
	if (err)
		ftrace_free_filter(&direct_ops);
	return err;
}

static int attach_direct(void)
{
	return attach_to(bench_direct_trampoline);
}

static int attach_direct_ret(void)
{
	return attach_to(bench_direct_ret_trampoline);
}

static int attach_direct_ret_data(void)
{
	return attach_to(bench_direct_ret_data_trampoline);
}

static void detach_direct(void)
{
	unsigned long under_way;
	int cpu;

	/* This waits for tasks that were preempted in the trampoline, not for those that sleep in the function it called. */
	unregister_ftrace_direct(&direct_ops, trampoline, true);
	do {
		under_way = 0;
		for_each_possible_cpu(cpu)
			under_way += READ_ONCE(per_cpu(bench_under_way, cpu));
		if (under_way)
			msleep(10);
	} while (under_way);
	/* The last may have been counted, and be preempted before its return. */
	synchronize_rcu_tasks();
}
#endif

/* Before Linux 6.2, architectures do not agree on how arguments are read. */
#if defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#define HAS_OPS
static void __kprobes ops_entry(unsigned long ip, unsigned long parent_ip, struct ftrace_ops *op, struct ftrace_regs *fregs)
{
	if (enter()) {
		see(ftrace_regs_get_argument(fregs, 0));
		leave();
	}
}

static struct ftrace_ops ops = { .func = ops_entry };

static int attach_ops(void)
{
	int err = ftrace_set_filter_ips(&ops, ips, n_ips, 0, 1);

	return err ?: register_ftrace_function(&ops);
}

static void detach_ops(void)
{
	unregister_ftrace_function(&ops);
	ftrace_free_filter(&ops);
}
#endif

/* Older kernels have other handlers, and another way to reach the return. */
#if defined(CONFIG_FPROBE) && defined(MAX_FPROBE_DATA_SIZE)
#define HAS_FPROBE
static int __kprobes fprobe_entry(struct fprobe *fp, unsigned long ip, unsigned long ret_ip, struct ftrace_regs *fregs,
				  void *data)
{
	*(unsigned long *)data = ftrace_regs_get_argument(fregs, 0);
	return 0;
}

static void __kprobes fprobe_exit(struct fprobe *fp, unsigned long ip, unsigned long ret_ip, struct ftrace_regs *fregs,
				  void *data)
{
	see(ftrace_regs_get_return_value(fregs));
}

static void __kprobes fprobe_exit_data(struct fprobe *fp, unsigned long ip, unsigned long ret_ip, struct ftrace_regs *fregs,
				       void *data)
{
	see(ftrace_regs_get_return_value(fregs) - *(unsigned long *)data);
}

static struct fprobe fprobe = { .exit_handler = fprobe_exit };

static int attach_fprobe_ret(void)
{
	return register_fprobe_ips(&fprobe, ips, n_ips);
}

static int attach_fprobe_ret_data(void)
{
	fprobe.entry_data_size = sizeof(unsigned long);
	fprobe.entry_handler = fprobe_entry;
	fprobe.exit_handler = fprobe_exit_data;
	return attach_fprobe_ret();
}

static void detach_fprobe(void)
{
	unregister_fprobe(&fprobe);
}
#endif

static void __kprobes tracepoint_hit(void *data, unsigned long n)
{
	see(n);
}

/* As all that an author has to think of who does not want it to be called by what it does, nor to be preempted. */
static void __kprobes tracepoint_hit_guarded(void *data, unsigned long n)
{
	if (enter()) {
		see(n);
		leave();
	}
}

static int attach_tracepoint(void)
{
	return register_trace_rprobes_bench_tracepoint(tracepoint_hit, NULL);
}

static int attach_tracepoint_guarded(void)
{
	return register_trace_rprobes_bench_tracepoint(tracepoint_hit_guarded, NULL);
}

static void detach_tracepoint(void)
{
	unregister_trace_rprobes_bench_tracepoint(tracepoint_hit, NULL);
	tracepoint_synchronize_unregister();
}

static void detach_tracepoint_guarded(void)
{
	unregister_trace_rprobes_bench_tracepoint(tracepoint_hit_guarded, NULL);
	tracepoint_synchronize_unregister();
}

/* Kernels differ in which of these they have. */
static const struct way {
	const char *name;
	int (*attach)(void);
	void (*detach)(void);
} ways[] = {
	{ "tracepoint", attach_tracepoint, detach_tracepoint },
	{ "tracepoint_guard", attach_tracepoint_guarded, detach_tracepoint_guarded },
#ifdef HAS_DIRECT
	{ "direct", attach_direct, detach_direct },
	{ "direct_ret", attach_direct_ret, detach_direct },
	{ "direct_ret_data", attach_direct_ret_data, detach_direct },
#endif
#ifdef HAS_OPS
	{ "ops", attach_ops, detach_ops },
#endif
#ifdef HAS_FPROBE
	{ "fprobe_ret", attach_fprobe_ret, detach_fprobe },
	{ "fprobe_ret_data", attach_fprobe_ret_data, detach_fprobe },
	/* Many. */
	{ "fprobe", attach_fprobe_ret_data, detach_fprobe },
#endif
	{}
};

static u64 sum_of_hits(void)
{
	u64 n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += per_cpu(seen.hits, cpu);
	return n;
}

static void add_ips(unsigned int n)
{
	for (; n_ips < n; n_ips++)
		ips[n_ips] = (unsigned long)rprobes_bench_many[n_ips];
}

/* Registers and unregisters one probe of @many different functions. */
static int bench_many(const struct way *way)
{
	u64 begun, registered, unregistered;
	int err;

	add_ips(min(many, RPROBES_BENCH_MANY));
	begun = ktime_get_ns();
	err = way->attach();
	registered = ktime_get_ns() - begun;
	if (err)
		return err;
	rprobes_bench_call_many();
	begun = ktime_get_ns();
	way->detach();
	unregistered = ktime_get_ns() - begun;
	pr_info("many %s %u %llu %llu hits %llu\n", what, many, registered / 1000, unregistered / 1000, sum_of_hits());
	return 0;
}

static int __init bench_init(void)
{
	u64 (*run)(unsigned long calls) = cpus ? rprobes_bench_run_on_all : rprobes_bench_run;
	const struct way *way = ways;
	u64 without, with;
	int err;

	while (way->name && strcmp(way->name, what))
		way++;
	if (!way->name)
		return -EOPNOTSUPP;
	if (many)
		return bench_many(way);
	if (!strncmp(what, "tracepoint", 10))
		run = rprobes_bench_run_tracepoint;

	/* One of these is for many functions. */
	if (!strcmp(what, "ops"))
		add_ips(RPROBES_BENCH_MANY);
	ips[n_ips++] = (unsigned long)rprobes_bench_target;
	run(1000);
	without = run(RPROBES_BENCH_CALLS);
	err = way->attach();
	if (err)
		return err;
	run(1000);
	with = run(RPROBES_BENCH_CALLS);
	way->detach();
	pr_info("%s%s %llu hits %llu\n", cpus ? "cpus " : "", what, (with - without) * 100 / RPROBES_BENCH_CALLS, sum_of_hits());
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Measures probes on functions written in C");
MODULE_LICENSE("GPL");
