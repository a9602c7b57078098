/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * What ftrace calls directly, for bench_ftrace.c. A function that is traced calls in front of its body, so when a trampoline
 * is entered, the return address is in the body, and the one behind it is the caller's.
 */
#include <linux/linkage.h>
#include <linux/version.h>

#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#include <asm/frame.h>
#include <asm/ftrace.h>
#include <asm/ibt.h>
#include <asm/nospec-branch.h>
#include <asm/percpu.h>
#include <asm/unwind_hints.h>
#include <linux/objtool.h>

/* The body of the function: past its landing pad for indirect branches, and past the call of ftrace's. */
#define BODY (rprobes_bench_target + ENDBR_INSN_SIZE + MCOUNT_INSN_SIZE)

	.text

/*
 * The only argument of the function is in rdi. ftrace takes bit 0 of a trampoline's address for a flag, so its alignment
 * matters; and it does not branch to it indirectly, so there is no landing pad.
 */
SYM_FUNC_START(bench_direct_trampoline)
	ANNOTATE_NOENDBR
	FRAME_BEGIN
	CALL_DEPTH_ACCOUNT
	pushq	%rdi
	call	bench_direct_entry
	popq	%rdi
	FRAME_END
	RET
SYM_FUNC_END(bench_direct_trampoline)

/* Calls that are under way are counted, for the module to wait until they have returned. */
SYM_FUNC_START(bench_direct_ret_trampoline)
	ANNOTATE_NOENDBR
	FRAME_BEGIN
	CALL_DEPTH_ACCOUNT
	incq	PER_CPU_VAR(bench_under_way)
	call	BODY
	pushq	%rax
	movq	%rax, %rdi
	call	bench_direct_ret
	popq	%rax
	decq	PER_CPU_VAR(bench_under_way)
	FRAME_END
	addq	$8, %rsp
	/* The caller's return address is on top, as when it has called a function. */
	UNWIND_HINT_FUNC
	RET
SYM_FUNC_END(bench_direct_ret_trampoline)

SYM_FUNC_START(bench_direct_ret_data_trampoline)
	ANNOTATE_NOENDBR
	FRAME_BEGIN
	CALL_DEPTH_ACCOUNT
	/* The data. */
	pushq	$0
	pushq	%rdi
	leaq	8(%rsp), %rsi
	call	bench_direct_entry_data
	popq	%rdi
	testb	%al, %al
	jz	1f
	incq	PER_CPU_VAR(bench_under_way)
	call	BODY
	movq	(%rsp), %rsi
	movq	%rax, (%rsp)
	movq	%rax, %rdi
	call	bench_direct_ret_data
	popq	%rax
	decq	PER_CPU_VAR(bench_under_way)
	FRAME_END
	addq	$8, %rsp
	UNWIND_HINT_FUNC
	RET
	/* This call is not followed: return to the body. */
1:	addq	$8, %rsp
	FRAME_END
	RET
SYM_FUNC_END(bench_direct_ret_data_trampoline)

#endif
