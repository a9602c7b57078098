/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The system call that the current task is in: rust/helpers/syscall.c
 */
#ifndef _RPROBES_SYSCALL_H
#define _RPROBES_SYSCALL_H

#include <linux/types.h>

/**
 * struct rprobes_syscall - a system call, as it was made
 * @args: its arguments; of a 32-bit caller zero-extended
 * @number: its number, or negative if the task is in none
 * @is_compat: whether pointers of the caller have 32 bits
 */
struct rprobes_syscall {
	unsigned long args[6];
	int number;
	bool is_compat;
};

void rprobes_syscall(struct rprobes_syscall *call);

#endif /* _RPROBES_SYSCALL_H */
