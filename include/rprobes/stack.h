/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Stacks where there are no registers, those of user space, and what they are made of: rust/helpers/stack.c
 */
#ifndef _RPROBES_STACK_H
#define _RPROBES_STACK_H

#include <linux/types.h>

struct pt_regs;

unsigned long rprobes_returns_to(struct pt_regs *regs);
unsigned int rprobes_stack_here(unsigned long *addresses, unsigned int count);
unsigned int rprobes_user_stack(unsigned long *addresses, unsigned int count);
ssize_t rprobes_user_object(int tgid, unsigned long address, char *buffer, size_t size, unsigned long *offset);

#endif /* _RPROBES_STACK_H */
