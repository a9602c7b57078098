// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Functions to be probed before and after an instruction at their entry. The compiler must not know what they return.
 */
#include <linux/compiler.h>

unsigned long rprobes_post_traced(unsigned long n);
unsigned long rprobes_post_untraced(unsigned long n);

/* Here ftrace calls a probe. */
noinline unsigned long rprobes_post_traced(unsigned long n)
{
	asm volatile("" : "+r" (n));
	return n + 1;
}

/* And here there is a breakpoint. */
notrace noinline unsigned long rprobes_post_untraced(unsigned long n)
{
	asm volatile("nop" : "+r" (n));
	return n + 1;
}
