// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Functions to be probed that know where they return to, which Rust cannot ask for.
 */
#include <linux/compiler.h>
#include <linux/types.h>

unsigned long rprobes_cases_inner(void);
unsigned long rprobes_cases_outer(void);
unsigned long rprobes_cases_driver(void);

/* Recorded in the first call, without a probe: a return probe puts another address in its place. */
static unsigned long inner_returns_to, outer_returns_to;

/* Returns where it returns to. */
noinline unsigned long rprobes_cases_inner(void)
{
	if (!inner_returns_to)
		inner_returns_to = (unsigned long)__builtin_return_address(0);
	return inner_returns_to;
}

/* The same; calls the inner one on the way. */
noinline unsigned long rprobes_cases_outer(void)
{
	if (!outer_returns_to)
		outer_returns_to = (unsigned long)__builtin_return_address(0);
	rprobes_cases_inner();
	barrier();
	return outer_returns_to;
}

noinline unsigned long rprobes_cases_driver(void)
{
	unsigned long where = rprobes_cases_outer();

	barrier();
	return where;
}
