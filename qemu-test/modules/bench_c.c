// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The C twin of bench.rs: the same probes with the same handlers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/hash.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/ring_buffer.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timekeeping.h>
#include <linux/trace_events.h>
#include <linux/uaccess.h>

#include "bench.h"
#define CREATE_TRACE_POINTS
#include "bench_c_event.h"

#define CALLS RPROBES_BENCH_CALLS

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

static int __kprobes pre_count(struct kprobe *p, struct pt_regs *regs)
{
	this_cpu_inc(hits);
	return 0;
}

static int __kprobes pre_nothing(struct kprobe *p, struct pt_regs *regs)
{
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

static int __kprobes pre_member(struct kprobe *p, struct pt_regs *regs)
{
	struct rprobes_bench *of = (struct rprobes_bench *)regs_get_kernel_argument(regs, 0);
	unsigned long value;

	if (copy_from_kernel_nofault(&value, &of->value, sizeof(value)))
		return 0;
	this_cpu_add(sum, value);
	this_cpu_inc(hits);
	return 0;
}

static struct kprobe kp = { .symbol_name = "rprobes_bench_target", .pre_handler = pre };
static struct kretprobe rp = { .kp.symbol_name = "rprobes_bench_target", .handler = ret };

static unsigned int many;
module_param(many, uint, 0);

static bool cpus;
module_param(cpus, bool, 0);

static u64 sum_of_hits(void)
{
	u64 n = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		n += per_cpu(hits, cpu);
	return n;
}

/* Registers and unregisters probes of @many different functions. */
static int bench_many(void)
{
	struct kprobe *probes = kvcalloc(many, sizeof(*probes), GFP_KERNEL);
	struct kprobe **pointers = kvcalloc(many, sizeof(*pointers), GFP_KERNEL);
	char (*names)[32] = kvcalloc(many, sizeof(*names), GFP_KERNEL);
	u64 begun, registered = 0, unregistered = 0;
	unsigned int i;
	int err = -ENOMEM;

	if (!probes || !pointers || !names)
		goto out;
	for (i = 0; i < many; i++) {
		snprintf(names[i], sizeof(names[i]), "rprobes_bench_%03u", i);
		probes[i].symbol_name = names[i];
		probes[i].pre_handler = pre;
		if (strstr(what, "post"))
			probes[i].post_handler = post;
		if (strncmp(what, "entry", 5))
			probes[i].offset = rprobes_bench_many_offset;
		pointers[i] = &probes[i];
	}
	begun = ktime_get_ns();
	err = register_kprobes(pointers, many);
	registered = ktime_get_ns() - begun;
	if (err)
		goto out;
#ifdef CONFIG_X86
	/* The kernel optimises probes some time after they were registered, and that decides what it costs to unregister them. */
	for (i = 0; !strcmp(what, "inside") && i < many; i++)
		while (*(u8 *)probes[i].addr != 0xe9)
			msleep(10);
#endif
	rprobes_bench_call_many();
	begun = ktime_get_ns();
	unregister_kprobes(pointers, many);
	unregistered = ktime_get_ns() - begun;
	pr_info("many %s %u %llu %llu hits %llu\n", what, many, registered / 1000, unregistered / 1000, sum_of_hits());
out:
	kvfree(names);
	kvfree(pointers);
	kvfree(probes);
	return err;
}

/* Nanoseconds of so many events, or, if there is none, of as many times nothing. */
static noinline u64 run_events(bool any, unsigned long calls)
{
	u64 begun = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < calls; i++) {
		barrier_data(&i);
		if (any)
			trace_read(i, i, "0123456789abcde");
	}
	return ktime_get_ns() - begun;
}

static int bench_event(void)
{
	u64 without, with;

	run_events(false, 1000);
	without = run_events(false, CALLS);
	if (!strcmp(what, "event"))
		trace_set_clr_event("bench_c", "read", 1);
	run_events(true, 1000);
	with = run_events(true, CALLS);
	trace_set_clr_event("bench_c", "read", 0);
	pr_info("%s %llu hits %u\n", what, (with - without) * 100 / CALLS, CALLS);
	return 0;
}

/* Counts by one of so many keys, in a hash table with a lock for each bucket; and in one for each CPU. */
#define KEYS 16
#define BUCKET_BITS 7

struct counted {
	struct hlist_node node;
	u64 key;
	u64 hits;
};

static struct bucket {
	raw_spinlock_t lock;
	struct hlist_head head;
} buckets[1 << BUCKET_BITS];

static DEFINE_PER_CPU(struct hlist_head, own_buckets[1 << BUCKET_BITS]);

static void count(struct hlist_head *head, u64 key)
{
	struct counted *counted;

	hlist_for_each_entry(counted, head, node) {
		if (counted->key == key) {
			counted->hits++;
			return;
		}
	}
}

static void map_update(unsigned long i)
{
	u64 key = i % KEYS;
	struct bucket *bucket = &buckets[hash_64(key, BUCKET_BITS)];
	unsigned long flags;

	raw_spin_lock_irqsave(&bucket->lock, flags);
	count(&bucket->head, key);
	raw_spin_unlock_irqrestore(&bucket->lock, flags);
}

static void map_record(unsigned long i)
{
	u64 key = i % KEYS;
	unsigned long flags;

	local_irq_save(flags);
	count(this_cpu_ptr(&own_buckets[hash_64(key, BUCKET_BITS)]), key);
	local_irq_restore(flags);
}

/* All keys are there. With a single CPU, as that is where it is measured. */
static void map_init(struct counted *counted)
{
	u64 key;
	int i;

	for (i = 0; i < ARRAY_SIZE(buckets); i++)
		raw_spin_lock_init(&buckets[i].lock);
	for (key = 0; key < KEYS; key++) {
		u32 bucket = hash_64(key, BUCKET_BITS);

		counted[key] = (struct counted) { .key = key };
		if (strcmp(what, "map"))
			hlist_add_head(&counted[key].node, raw_cpu_ptr(&own_buckets[bucket]));
		else
			hlist_add_head(&counted[key].node, &buckets[bucket].head);
	}
}

static void print_nothing(unsigned long i)
{
}

static void print_text(unsigned long i)
{
	trace_printk("text\n");
}

static void print_two(unsigned long i)
{
	trace_printk("%d %d\n", (int)i, 7);
}

static u64 print_times(void (*print)(unsigned long i))
{
	u64 begun = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < CALLS; i++)
		print(i);
	return ktime_get_ns() - begun;
}

/* What a line in the trace buffer costs. */
static int bench_printing(void)
{
	void (*print)(unsigned long i) = strcmp(what, "trace_two") ? print_text : print_two;
	u64 without, with;

	if (!strcmp(what, "trace_off"))
		tracing_off();
	print_times(print);
	without = print_times(print_nothing);
	with = print_times(print);
	tracing_on();
	pr_info("%s %llu hits %d\n", what, (with - without) * 100 / CALLS, CALLS);
	return 0;
}

static int bench_map(void)
{
	static struct counted counted[KEYS];
	void (*update)(unsigned long i) = strcmp(what, "map") ? map_record : map_update;
	u64 without, with, hits = 0;
	int i;

	map_init(counted);
	print_times(update);
	without = print_times(print_nothing);
	with = print_times(update);
	for (i = 0; i < KEYS; i++)
		hits += counted[i].hits;
	pr_info("%s %llu hits %llu\n", what, (with - without) * 100 / CALLS, hits);
	return 0;
}

/* As a record of a stream: 64 bytes, with the time. */
static void push(struct trace_buffer *buffer, unsigned long i)
{
	u64 record[8] = { i, 1, 2, 3, 4, 5, 6, 7 };

	ring_buffer_write(buffer, sizeof(record), record);
}

static u64 push_times(struct trace_buffer *buffer, unsigned long calls)
{
	u64 begun = ktime_get_ns();
	unsigned long i;

	for (i = 0; i < calls; i++) {
		barrier_data(&i);
		if (buffer)
			push(buffer, i);
	}
	return ktime_get_ns() - begun;
}

static int bench_stream(void)
{
	struct trace_buffer *buffer = ring_buffer_alloc(64 << 10, RB_FL_OVERWRITE);
	u64 without, with;

	if (!buffer)
		return -ENOMEM;
	push_times(buffer, 10000);
	without = push_times(NULL, CALLS);
	with = push_times(buffer, CALLS);
	ring_buffer_free(buffer);
	pr_info("%s %llu hits %u\n", what, (with - without) * 100 / CALLS, CALLS);
	return 0;
}

static int __init bench_init(void)
{
	bool is_return = !strncmp(what, "ret", 3);
	u64 (*run)(unsigned long calls) = cpus ? rprobes_bench_run_on_all : rprobes_bench_run;
	u64 without, with;
	int err;

	if (many)
		return bench_many();
	if (!strncmp(what, "event", 5))
		return bench_event();
	if (!strncmp(what, "trace_", 6))
		return bench_printing();
	if (!strncmp(what, "map", 3))
		return bench_map();
	if (!strcmp(what, "stream"))
		return bench_stream();

	if (!strcmp(what, "entry_post") || !strcmp(what, "int3"))
		kp.post_handler = post;
	if (!strcmp(what, "int3") || !strcmp(what, "jump"))
		kp.offset = rprobes_bench_offset;
	if (!strcmp(what, "ret_data")) {
		rp.entry_handler = entry;
		rp.handler = ret_data;
		rp.data_size = sizeof(unsigned long);
	}
	if (!strcmp(what, "member")) {
		kp.symbol_name = "rprobes_bench_member";
		kp.pre_handler = pre_member;
		run = rprobes_bench_run_member;
	}
	if (!strcmp(what, "count") || !strcmp(what, "filter_none") || !strcmp(what, "guarded"))
		kp.pre_handler = pre_count;
	if (!strcmp(what, "filter_no"))
		kp.pre_handler = pre_nothing;
	run(1000);
	without = run(CALLS);
	err = is_return ? register_kretprobe(&rp) : register_kprobe(&kp);
	if (err)
		return err;
#ifdef CONFIG_X86
	/* The kernel optimises a probe some time after it was registered. */
	for (int wait = 0; !strcmp(what, "jump") && *(u8 *)kp.addr != 0xe9 && wait < 500; wait++)
		msleep(10);
#endif
	run(1000);
	with = run(CALLS);
	if (is_return)
		unregister_kretprobe(&rp);
	else
		unregister_kprobe(&kp);
	pr_info("%s%s %llu hits %llu\n", cpus ? "cpus " : "", what, (with - without) * 100 / CALLS,
		kp.pre_handler == pre_nothing ? CALLS : sum_of_hits());
	return 0;
}

static void __exit bench_exit(void)
{
}

module_init(bench_init);
module_exit(bench_exit);
MODULE_DESCRIPTION("Measures probes written in C");
MODULE_LICENSE("GPL");
