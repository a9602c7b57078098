/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The current task and its stack, and where and when it runs: rust/helpers/task.c
 */
#ifndef _RPROBES_TASK_H
#define _RPROBES_TASK_H

#include <linux/sched.h>
#include <linux/types.h>

struct pt_regs;

/* Where in the current task some things are that are 32 bits long, or begin with as many. */
enum {
	RPROBES_TASK_PID = offsetof(struct task_struct, pid),
	RPROBES_TASK_TGID = offsetof(struct task_struct, tgid),
	RPROBES_TASK_COMM = offsetof(struct task_struct, comm),
	/* Where there is but one, it is nowhere. */
#ifdef CONFIG_SMP
	RPROBES_TASK_CPU = offsetof(struct task_struct, thread_info.cpu),
#else
	RPROBES_TASK_CPU = 0,
#endif
};

int rprobes_task_tgid(void);
void rprobes_task_comm(char comm[TASK_COMM_LEN]);
unsigned int rprobes_cpu(void);
unsigned int rprobes_cpus(void);
u64 rprobes_timestamp(void);
u64 rprobes_random(void);
unsigned int rprobes_stack(struct pt_regs *regs, unsigned long *addresses, unsigned int count);

#endif /* _RPROBES_TASK_H */
