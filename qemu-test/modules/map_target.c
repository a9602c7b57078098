// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Threads on all CPUs, with interrupts, and functions to be probed.
 */
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>

typedef void (*rprobes_map_work)(void *arg, unsigned int thread);

unsigned long rprobes_map_tick(unsigned long cpu);
unsigned long rprobes_map_inside(unsigned long key);
int rprobes_map_run(rprobes_map_work work, void *arg, unsigned int count, void (*meanwhile)(void *arg));

/* Called in each interrupt of the timers. */
noinline unsigned long rprobes_map_tick(unsigned long cpu)
{
	asm volatile("" : "+r" (cpu));
	return cpu;
}

/* For closures to call. */
noinline unsigned long rprobes_map_inside(unsigned long key)
{
	asm volatile("" : "+r" (key));
	return key;
}

static DEFINE_PER_CPU(struct hrtimer, timers);

static enum hrtimer_restart tick(struct hrtimer *timer)
{
	rprobes_map_tick(raw_smp_processor_id());
	hrtimer_forward_now(timer, ns_to_ktime(200 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

static void start(void *unused)
{
	struct hrtimer *timer = this_cpu_ptr(&timers);

#ifdef RPROBES_HRTIMER_SETUP
	hrtimer_setup(timer, tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	timer->function = tick;
#endif
	hrtimer_start(timer, ns_to_ktime(200 * NSEC_PER_USEC), HRTIMER_MODE_REL_PINNED_HARD);
}

struct worker {
	rprobes_map_work work;
	void *arg;
	unsigned int thread;
	struct completion done;
};

static int run_worker(void *data)
{
	struct worker *worker = data;

	worker->work(worker->arg, worker->thread);
	/* The module may go as soon as this has gone. */
	kthread_complete_and_exit(&worker->done, 0);
	return 0;
}

/*
 * Call @work in @count threads, in turns on all CPUs, which timers interrupt, and @meanwhile until all of them have returned.
 */
int rprobes_map_run(rprobes_map_work work, void *arg, unsigned int count, void (*meanwhile)(void *arg))
{
	struct worker *workers = kcalloc(count, sizeof(*workers), GFP_KERNEL);
	unsigned int i, begun = 0;
	int cpu = -1, err = 0;

	if (!workers)
		return -ENOMEM;
	on_each_cpu(start, NULL, true);
	for (i = 0; i < count; i++) {
		struct worker *worker = &workers[i];
		struct task_struct *task;

		cpu = cpumask_next(cpu, cpu_online_mask);
		if (cpu >= nr_cpu_ids)
			cpu = cpumask_first(cpu_online_mask);
		*worker = (struct worker) { .work = work, .arg = arg, .thread = i };
		init_completion(&worker->done);
		task = kthread_create(run_worker, worker, "map/%u", i);
		if (IS_ERR(task)) {
			err = PTR_ERR(task);
			break;
		}
		kthread_bind(task, cpu);
		wake_up_process(task);
		begun++;
	}
	for (i = 0; i < begun; i++)
		while (!wait_for_completion_timeout(&workers[i].done, 1))
			meanwhile(arg);
	for_each_online_cpu(cpu)
		hrtimer_cancel(per_cpu_ptr(&timers, cpu));
	kfree(workers);
	return err;
}
