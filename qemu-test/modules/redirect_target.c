// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Functions to go on elsewhere from, and to go to. The compiler must not know what they return.
 */
#include <linux/compiler.h>

unsigned long rprobes_redirect_traced(unsigned long n);
unsigned long rprobes_redirect_untraced(unsigned long n);
unsigned long rprobes_redirect_untraced_too(unsigned long n);
unsigned long rprobes_redirect_other(unsigned long n);
unsigned long rprobes_redirect_many(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j);

/* At its entry, ftrace calls a probe. */
noinline unsigned long rprobes_redirect_traced(unsigned long n)
{
	asm volatile("" : "+r" (n));
	return n + 1;
}

/* At its entry there is room for the jump of an optimised probe. */
notrace noinline unsigned long rprobes_redirect_untraced(unsigned long n)
{
	asm volatile(".rept 8\n"
		     "nop\n"
		     ".endr\n" : "+r" (n));
	return n + 2;
}

notrace noinline unsigned long rprobes_redirect_untraced_too(unsigned long n)
{
	asm volatile(".rept 8\n"
		     "nop\n"
		     ".endr\n" : "+r" (n));
	return n + 3;
}

noinline unsigned long rprobes_redirect_other(unsigned long n)
{
	asm volatile("" : "+r" (n));
	return n + 1000;
}

/* At least two of its arguments are on the stack: those from the seventh on, or from the ninth. */
noinline unsigned long rprobes_redirect_many(long a, long b, long c, long d, long e, long f, long g, long h,
				    long i, long j)
{
	asm volatile("" : "+r" (g), "+r" (h), "+r" (i), "+r" (j));
	return a + b + c + d + e + f + g + h + i + j;
}
