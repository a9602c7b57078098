// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Has lines printed on all CPUs at once, by works that interrupts interrupt.
 */
#include <linux/cpu.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/workqueue.h>

typedef void print_fn(unsigned int cpu, unsigned int from, unsigned int line);

void rprobes_tracing_run(print_fn *print, unsigned int lines);

static print_fn *how;
static unsigned int how_many;
static DEFINE_PER_CPU(struct work_struct, works);

struct interrupt {
	unsigned int from, line;
};

/* On another CPU than the one that it is from, which waits. */
static void interrupt(void *data)
{
	const struct interrupt *of = data;

	how(smp_processor_id(), of->from, of->line);
}

static void work(struct work_struct *work)
{
	struct interrupt of = { .from = raw_smp_processor_id() };

	for (; of.line < how_many; of.line++) {
		how(of.from, of.from, of.line);
		if (of.line % 8)
			continue;
		preempt_disable();
		smp_call_function(interrupt, &of, true);
		preempt_enable();
	}
}

void rprobes_tracing_run(print_fn *print, unsigned int lines)
{
	int cpu;

	how = print;
	how_many = lines;
	cpus_read_lock();
	for_each_online_cpu(cpu) {
		INIT_WORK(per_cpu_ptr(&works, cpu), work);
		schedule_work_on(cpu, per_cpu_ptr(&works, cpu));
	}
	for_each_online_cpu(cpu)
		flush_work(per_cpu_ptr(&works, cpu));
	cpus_read_unlock();
}
