// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * A division, at a place that is known.
 */
#include <linux/compiler.h>
#include <linux/types.h>

u32 rprobes_misbehave_divide(u32 by);

asm(".pushsection .rodata\n"
    ".globl rprobes_misbehave_offset\n"
    ".balign 4\n"
    "rprobes_misbehave_offset: .long .Lrprobes_misbehave_divide - rprobes_misbehave_divide\n"
    ".popsection");

/* Returns 7 divided by @by. Zero traps on x86; on arm64 the result is zero. */
noinline u32 rprobes_misbehave_divide(u32 by)
{
#ifdef CONFIG_X86
	u32 high = 0, low = 7;

	asm volatile(".Lrprobes_misbehave_divide: divl %2\n" : "+a" (low), "+d" (high) : "r" (by));
	return low;
#elif defined(CONFIG_ARM64)
	u32 low = 7;

	asm volatile(".Lrprobes_misbehave_divide: udiv %w0, %w0, %w1\n" : "+r" (low) : "r" (by));
	return low;
#endif
}
