// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * What is hit: threads, one for each CPU in turn, call a function. "echo THREADS CALLS LENGTH PAUSE >parameters/run" has each
 * call it so often, with so many bytes to be pushed behind the record, -1 for as many as the number says; and has it wait so
 * many microseconds after each hundredth call. It returns when they are done.
 */
#include <linux/cpumask.h>
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

struct run {
	struct completion done;
	atomic_t threads;
	unsigned long calls;
	long length;
	unsigned long pause;
};

struct thread {
	struct run *run;
	unsigned long number;
};

void rprobes_stream_target(unsigned long thread, unsigned long number, unsigned long length);

noinline void rprobes_stream_target(unsigned long thread, unsigned long number, unsigned long length)
{
	asm volatile("" : : "r"(thread), "r"(number), "r"(length));
}

static int body(void *argument)
{
	struct thread *thread = argument;
	struct run *run = thread->run;
	unsigned long number;

	for (number = 0; number < run->calls; number++) {
		rprobes_stream_target(thread->number, number, run->length < 0 ? number % 257 : run->length);
		if (number % 100 == 99) {
			if (run->pause)
				usleep_range(run->pause, run->pause + 50);
			else
				cond_resched();
		}
	}
	if (atomic_dec_and_test(&run->threads))
		complete(&run->done);
	return 0;
}

static int set_run(const char *text, const struct kernel_param *unused)
{
	struct thread threads[8];
	struct run run = {};
	int count, i;

	if (sscanf(text, "%d %lu %ld %lu", &count, &run.calls, &run.length, &run.pause) != 4 || count < 1 || count > 8)
		return -EINVAL;
	init_completion(&run.done);
	atomic_set(&run.threads, count);
	for (i = 0; i < count; i++) {
		struct task_struct *task;

		threads[i] = (struct thread){ .run = &run, .number = i };
		task = kthread_create(body, &threads[i], "stream/%d", i);
		if (IS_ERR(task)) {
			if (atomic_dec_and_test(&run.threads))
				complete(&run.done);
			continue;
		}
		kthread_bind(task, i % num_online_cpus());
		wake_up_process(task);
	}
	wait_for_completion(&run.done);
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = set_run };
module_param_cb(run, &run_ops, NULL, 0200);
