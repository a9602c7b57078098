// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * A function that counts its calls itself.
 */
#include <linux/atomic.h>
#include <linux/compiler.h>

void rprobes_churn_target(void);
unsigned long rprobes_churn_calls(void);

static atomic_long_t calls;

noinline void rprobes_churn_target(void)
{
	atomic_long_inc(&calls);
}

unsigned long rprobes_churn_calls(void)
{
	return atomic_long_read(&calls);
}
