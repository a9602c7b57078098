// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * A function that is called on two paths, and below as many frames as one likes.
 */
#include <linux/compiler.h>

int rprobes_report_target(int n);
int rprobes_report_left(int n);
int rprobes_report_right(int n);
int rprobes_report_deep(int n);

noinline int rprobes_report_target(int n)
{
	barrier();
	return n + 1;
}

noinline int rprobes_report_left(int n)
{
	return rprobes_report_target(n) + 2;
}

noinline int rprobes_report_right(int n)
{
	return rprobes_report_target(n) + 3;
}

/* Calls it from @n frames of its own. */
noinline int rprobes_report_deep(int n)
{
	int result = n > 1 ? rprobes_report_deep(n - 1) : rprobes_report_target(n);

	/* Not a loop. */
	OPTIMIZER_HIDE_VAR(result);
	return result + 4;
}
