// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The system call that the current task is in.
 */
#include <linux/audit.h>
#include <linux/compat.h>
#include <linux/kprobes.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <asm/syscall.h>

#include <rprobes/syscall.h>

/* Since Linux 6.4. */
#ifndef PF_USER_WORKER
#define PF_USER_WORKER 0
#endif

/*
 * May be called anywhere: every task has room for the registers of user space at the top of its stack, which does not go
 * while it runs. In threads that never were in user space there is nothing in them, or what their creator's call was. If
 * it was an interrupt or a trap that came from user space, the number is negative.
 */
void rprobes_syscall(struct rprobes_syscall *call)
{
	struct pt_regs *regs = current_pt_regs();
	unsigned int i;

	memset(call, 0, sizeof(*call));
	call->number = -1;
	if (!user_mode(regs) || current->flags & (PF_KTHREAD | PF_IO_WORKER | PF_USER_WORKER))
		return;
	call->number = syscall_get_nr(current, regs);
	if (call->number < 0)
		return;
	call->is_compat = in_compat_syscall();
	syscall_get_arguments(current, regs, call->args);
	/* The upper halves are whatever the registers had, and the kernel does not look at them, either. */
	if (!(syscall_get_arch(current) & __AUDIT_ARCH_64BIT))
		for (i = 0; i < ARRAY_SIZE(call->args); i++)
			call->args[i] = (u32)call->args[i];
}
NOKPROBE_SYMBOL(rprobes_syscall);
