// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * A function to be probed in a kernel thread.
 */
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/err.h>
#include <linux/kthread.h>

int rprobes_task_in_thread(void);
void rprobes_task_target(void);

noinline void rprobes_task_target(void)
{
	barrier();
}

static int task_thread(void *done)
{
	rprobes_task_target();
	complete(done);
	return 0;
}

/* Has a kernel thread call it, and waits for that. */
int rprobes_task_in_thread(void)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct task_struct *task = kthread_run(task_thread, &done, "rprobes_task");

	if (IS_ERR(task))
		return PTR_ERR(task);
	wait_for_completion(&done);
	return 0;
}
