/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * What trampolines of direct calls need: rust/helpers/direct.c
 */
#ifndef _RPROBES_DIRECT_H
#define _RPROBES_DIRECT_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/types.h>

enum {
	/* Tasks whose calls are not followed until they return: they may leave a function in another way. */
	RPROBES_PF_MAY_NOT_RETURN = PF_EXITING | PF_IDLE,
	RPROBES_TASK_FLAGS = offsetof(struct task_struct, flags),
	/* Set in preempt_count() while something else than a task is running. */
	RPROBES_NOT_IN_TASK = NMI_MASK | HARDIRQ_MASK | SOFTIRQ_OFFSET,
#ifdef CONFIG_X86
	RPROBES_KERNEL_CS = __KERNEL_CS,
	RPROBES_FLAGS = X86_EFLAGS_FIXED,
#endif
#ifdef CONFIG_ARM64
	RPROBES_PSTATE = PSR_MODE_EL1h,
#endif
};

/* -1, or how many handlers are running on this CPU, or would be, less one. */
DECLARE_PER_CPU(int, rprobes_busy);

/**
 * struct rprobes_calls - how to recognise calls that will return through a trampoline
 * @id: a word in the frame of each that nothing else has on a stack: the address of the trampoline's slot
 * @mark: the word above that points to as many words below itself
 * @calls: how many such calls there are
 * @own: whether one of them is by the task that looks for them
 * @comm: the name of one of the tasks that make them
 * @pid: and its number
 */
struct rprobes_calls {
	unsigned long id;
	unsigned long mark;
	unsigned int calls;
	bool own;
	char comm[TASK_COMM_LEN];
	int pid;
};

#ifdef CONFIG_X86_64
void rprobes_resched(void);
#else
bool rprobes_may_follow(void);
bool rprobes_busy_begin(void);
void rprobes_busy_end(void);
#endif
void rprobes_calls_find(struct rprobes_calls *calls);
bool rprobes_calls_nested(const struct rprobes_calls *calls, unsigned long above);
void rprobes_calls_wait(unsigned int ms);
void rprobes_calls_done(void);

#endif /* _RPROBES_DIRECT_H */
