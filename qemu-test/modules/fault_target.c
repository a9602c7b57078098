// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * An instruction that may fault, with an exception table entry that mends it; only C can say that.
 */
#include <linux/types.h>
#ifdef CONFIG_ARM64
#include <asm/asm-extable.h>
#else
#include <asm/asm.h>
#endif

unsigned long rprobes_fault_load(const unsigned long *address);

/* How far the instruction is into the function. The address itself must not be taken: it is no place to branch to. */
asm(".pushsection .rodata\n"
    ".globl rprobes_fault_offset\n"
    ".balign 4\n"
    "rprobes_fault_offset: .long .Lrprobes_fault_instruction - rprobes_fault_load\n"
    ".popsection");

/* Loads from @address, or returns 7 if that faults. */
noinline unsigned long rprobes_fault_load(const unsigned long *address)
{
	unsigned long value = 7;

#ifdef CONFIG_X86
	asm volatile(".Lrprobes_fault_instruction: mov (%1), %0\n"
		     "2:\n"
		     _ASM_EXTABLE(.Lrprobes_fault_instruction, 2b)
		     : "+r" (value) : "r" (address));
#elif defined(CONFIG_ARM64)
	asm volatile(".Lrprobes_fault_instruction: ldr %0, [%1]\n"
		     "2:\n"
		     _ASM_EXTABLE_KACCESS_ERR_ZERO(.Lrprobes_fault_instruction, 2b, wzr, wzr)
		     : "+r" (value) : "r" (address));
#endif
	return value;
}
