// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The trace buffer.
 */
#include <linux/compiler.h>
#include <linux/kernel.h>

#include <rprobes/trace.h>

#ifdef CONFIG_TRACING
/* The entry names the function that this one was called from. */
noinline void rprobes_trace_printk(const char *text)
{
	__trace_printk(_RET_IP_, "%s", text);
}
#else
void rprobes_trace_printk(const char *text)
{
}
#endif
