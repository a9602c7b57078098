// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The C twin of bench.rs: the same probes with the same handlers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>

#include "bench.h"

#define CALLS 100000

static char *what = "entry";
module_param(what, charp, 0);

static DEFINE_PER_CPU(u64, hits);
static DEFINE_PER_CPU(u64, sum);

static int __kprobes pre(struct kprobe *p, struct pt_regs *regs)
{
	this_cpu_add(sum, regs_get_kernel_argument(regs, 0));
	this_cpu_inc(hits);
	return 0;
}

static void __kprobes post(struct kprobe *p, struct pt_regs *regs, unsigned long flags)
{
	this_cpu_inc(hits);
}

static int __kprobes ret(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	this_cpu_add(sum, regs_return_value(regs));
	this_cpu_inc(hits);
	return 0;
}

static int __kprobes entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	*(unsigned long *)ri->data = regs_get_kernel_argument(regs, 0);
	return 0;
}

static int __kprobes ret_data(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	this_cpu_add(sum, regs_return_value(regs) - *(unsigned long *)ri->data);
	this_cpu_inc(hits);
	return 0;
}

static struct kprobe kp = { .symbol_name = "rprobes_bench_target", .pre_handler = pre };
static struct kretprobe rp = { .kp.symbol_name = "rprobes_bench_target", .handler = ret };

static int __init bench_init(void)
{
	bool is_return = !strncmp(what, "ret", 3);
	u64 without, with, n = 0;
	int err, cpu, wait;

	if (!strcmp(what, "entry_post") || !strcmp(what, "int3"))
		kp.post_handler = post;
	if (!strcmp(what, "int3") || !strcmp(what, "jump"))
		kp.offset = rprobes_bench_offset;
	if (!strcmp(what, "ret_data")) {
		rp.entry_handler = entry;
		rp.handler = ret_data;
		rp.data_size = sizeof(unsigned long);
	}
	rprobes_bench_run(1000);
	without = rprobes_bench_run(CALLS);
	err = is_return ? register_kretprobe(&rp) : register_kprobe(&kp);
	if (err)
		return err;
#ifdef CONFIG_X86
	/* The kernel optimises a probe some time after it was registered. */
	for (wait = 0; !strcmp(what, "jump") && *(u8 *)kp.addr != 0xe9 && wait < 500; wait++)
		msleep(10);
#endif
	rprobes_bench_run(1000);
	with = rprobes_bench_run(CALLS);
	if (is_return)
		unregister_kretprobe(&rp);
	else
		unregister_kprobe(&kp);
	for_each_possible_cpu(cpu)
		n += per_cpu(hits, cpu);
	pr_info("%s %llu hits %llu\n", what, (with - without) * 100 / CALLS, n);
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Measures probes written in C");
MODULE_LICENSE("GPL");
