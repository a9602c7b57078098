// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The current task and its stack, and where and when it runs.
 */
#include <linux/cpumask.h>
#include <linux/ftrace.h>
#include <linux/ptrace.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/smp.h>
#include <linux/stacktrace.h>
#include <linux/string.h>

#include <rprobes/stack.h>
#include <rprobes/task.h>

int rprobes_task_tgid(void)
{
	return task_tgid_nr(current);
}

void rprobes_task_comm(char comm[TASK_COMM_LEN])
{
	strscpy_pad(comm, current->comm, TASK_COMM_LEN);
}

unsigned int rprobes_cpu(void)
{
	return raw_smp_processor_id();
}

/* All numbers of CPUs are below this. */
unsigned int rprobes_cpus(void)
{
	return nr_cpu_ids;
}

/* local_clock() is inline before Linux 6.6. */
u64 rprobes_timestamp(void)
{
	return local_clock();
}

u64 rprobes_random(void)
{
	return get_random_u64();
}

#ifndef MCOUNT_INSN_SIZE
#define MCOUNT_INSN_SIZE 0
#endif

/* The stack as it is at a probe, without the handlers that look at it. */
unsigned int rprobes_stack(struct pt_regs *regs, unsigned long *addresses, unsigned int count)
{
	unsigned int found = stack_trace_save(addresses, count, 0), skip = 0;
	unsigned long caller = rprobes_returns_to(regs);

	/*
	 * The first address of the probed context is the one that the registers have, or, if ftrace was called there, the one
	 * behind that call.
	 */
	while (skip < found && addresses[skip] - instruction_pointer(regs) > MCOUNT_INSN_SIZE)
		skip++;
	if (skip == found)
		return found;
	found -= skip;
	memmove(addresses, addresses + skip, found * sizeof(*addresses));
	if (!caller || count < 2 || (found > 1 && addresses[1] == caller))
		return found;
	found = min(found, count - 1);
	memmove(addresses + 2, addresses + 1, (found - 1) * sizeof(*addresses));
	addresses[1] = caller;
	return found + 1;
}
