// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Where a function can be made to return early.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>

#include <rprobes/redirect.h>

/*
 * The address of an instruction of the kernel that returns, or 0. A handler that ftrace calls can set the instruction
 * pointer, but not the stack pointer, so that is the only way to return from there. With dynamic ftrace there is
 * __fentry__(), which does nothing else.
 */
unsigned long rprobes_return_insn(void)
{
#if defined(CONFIG_X86) && defined(CONFIG_DYNAMIC_FTRACE)
	return (unsigned long)__fentry__;
#else
	return 0;
#endif
}
NOKPROBE_SYMBOL(rprobes_return_insn);
