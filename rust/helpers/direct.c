// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * What trampolines of direct calls need besides themselves; rust/machine/direct has those.
 */
#include <linux/compiler.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/objtool.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/string.h>
#include <linux/stringify.h>
#include <linux/uaccess.h>
#ifdef CONFIG_X86
#include <asm/linkage.h>
#endif

#include <rprobes/direct.h>

DEFINE_PER_CPU(int, rprobes_busy) = -1;

#ifdef CONFIG_X86_64
/* A handler has kept this CPU from rescheduling, which is to be made up for. */
notrace void rprobes_resched(void)
{
	preempt_disable_notrace();
	preempt_enable_notrace();
}
NOKPROBE_SYMBOL(rprobes_resched);
#else
/* What something else than the task calls returns for sure, even while the task exits or idles. */
notrace bool rprobes_may_follow(void)
{
	return !(current->flags & RPROBES_PF_MAY_NOT_RETURN) || (preempt_count() & RPROBES_NOT_IN_TASK);
}
NOKPROBE_SYMBOL(rprobes_may_follow);

/* Counted without CONFIG_PREEMPT_COUNT, too: rprobes_may_sleep() and the scheduler look there. */
static __always_inline void preemption_off(void)
{
	preempt_disable_notrace();
	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		__preempt_count_add(1);
		barrier();
	}
}

static __always_inline void preemption_on(void)
{
	if (!IS_ENABLED(CONFIG_PREEMPT_COUNT)) {
		barrier();
		__preempt_count_sub(1);
	}
	preempt_enable_notrace();
}

notrace bool rprobes_busy_begin(void)
{
	if (!rcu_is_watching())
		return false;
	preemption_off();
	if (__this_cpu_read(rprobes_busy) >= 0) {
		preemption_on();
		return false;
	}
	__this_cpu_inc(rprobes_busy);
	return true;
}
NOKPROBE_SYMBOL(rprobes_busy_begin);

notrace void rprobes_busy_end(void)
{
	__this_cpu_dec(rprobes_busy);
	preemption_on();
}
NOKPROBE_SYMBOL(rprobes_busy_end);
#endif

#ifdef CONFIG_X86_64
/*
 * rprobes_call_body: calls the code at %r11, as a return would go there: behind the call that ftrace has put in there is no
 * landing pad (ENDBR), and no CFI preamble.
 *
 * rprobes_call_original: the same, as a function with the registers of arguments, and where to go.
 *
 * rprobes_leave: is called by the trampoline and returns to where the probed function was called from: over the return
 * addresses to the trampoline, and to the function.
 */
void rprobes_call_body(void);
void rprobes_call_original(void);
void rprobes_leave(void);

/* The layout of a &struct pt_regs, which assembly in C files cannot ask for. */
#define OFFSET(register) __stringify(OFFSET_##register)
#define OFFSET_di 112
#define OFFSET_si 104
#define OFFSET_dx 96
#define OFFSET_cx 88
#define OFFSET_r8 72
#define OFFSET_r9 64
#define OFFSET_ax 80
#define CHECK(register) static_assert(offsetof(struct pt_regs, register) == OFFSET_##register)
CHECK(di);
CHECK(si);
CHECK(dx);
CHECK(cx);
CHECK(r8);
CHECK(r9);
CHECK(ax);

asm(".pushsection .kprobes.text, \"ax\"\n"
    ".type rprobes_call_body, @function\n"
    ".globl rprobes_call_body\n"
    "rprobes_call_body:\n"
    "	push %r11\n"
    "	" ASM_RET "\n"
    ".size rprobes_call_body, . - rprobes_call_body\n"
    ".type rprobes_leave, @function\n"
    ".globl rprobes_leave\n"
    "rprobes_leave:\n"
    "	add $16, %rsp\n"
    "	" ASM_RET "\n"
    ".size rprobes_leave, . - rprobes_leave\n"
    ".popsection");
asm(".pushsection .kprobes.text, \"ax\"\n"
    ".type rprobes_call_original, @function\n"
    ".globl rprobes_call_original\n"
    "rprobes_call_original:\n"
    "	push %rsi\n"
    "	mov %rdi, %r11\n"
    "	mov " OFFSET(di) "(%r11), %rdi\n"
    "	mov " OFFSET(si) "(%r11), %rsi\n"
    "	mov " OFFSET(dx) "(%r11), %rdx\n"
    "	mov " OFFSET(cx) "(%r11), %rcx\n"
    "	mov " OFFSET(r8) "(%r11), %r8\n"
    "	mov " OFFSET(r9) "(%r11), %r9\n"
    "	mov " OFFSET(ax) "(%r11), %rax\n"
    "	" ASM_RET "\n"
    ".size rprobes_call_original, . - rprobes_call_original\n"
    ".popsection");
STACK_FRAME_NON_STANDARD(rprobes_call_original);
STACK_FRAME_NON_STANDARD(rprobes_call_body);
STACK_FRAME_NON_STANDARD(rprobes_leave);
#endif

#ifdef CONFIG_ARM64
/* Calls the code at @body with the arguments that are in @regs, by a return, which needs no landing pad there. */
void rprobes_call_original(const struct pt_regs *regs, unsigned long body);
asm(".pushsection .kprobes.text, \"ax\"\n"
    ".type rprobes_call_original, @function\n"
    ".globl rprobes_call_original\n"
    "rprobes_call_original:\n"
    "	mov x9, x0\n"
    "	mov x10, x1\n"
    "	ldp x0, x1, [x9]\n"
    "	ldp x2, x3, [x9, #16]\n"
    "	ldp x4, x5, [x9, #32]\n"
    "	ldp x6, x7, [x9, #48]\n"
    "	ldr x8, [x9, #64]\n"
    "	ret x10\n"
    ".size rprobes_call_original, . - rprobes_call_original\n"
    ".popsection");
static_assert(offsetof(struct pt_regs, regs) == 0);
#endif

/* Looks for such calls in the stack of a task, in chunks that need not be there: it may be on its way out. */
static unsigned int calls_in(unsigned long stack, const struct rprobes_calls *calls)
{
	unsigned long words[64], address, last = 0;
	unsigned int found = 0, i;

	for (address = stack; address < stack + THREAD_SIZE; address += sizeof(words)) {
		if (copy_from_kernel_nofault(words, (void *)address, sizeof(words))) {
			last = 0;
			continue;
		}
		for (i = 0; i < ARRAY_SIZE(words); i++) {
			found += last == calls->id && words[i] + calls->mark * sizeof(long) == address + i * sizeof(long);
			last = words[i];
		}
	}
	return found;
}

/*
 * Whether the current task, or whatever has interrupted it, is in such a call already, from @above on up the stack. Calls on
 * stacks of interrupts are not seen. This calls nothing, as it may be anything that is hooked.
 */
notrace __no_sanitize_or_inline bool rprobes_calls_nested(const struct rprobes_calls *calls, unsigned long above)
{
	unsigned long stack = (unsigned long)current->stack, at;

	if (above < stack || above >= stack + THREAD_SIZE)
		return false;
	for (at = above; at < stack + THREAD_SIZE - sizeof(long); at += sizeof(long)) {
		if (READ_ONCE_NOCHECK(*(unsigned long *)at) == calls->id &&
		    READ_ONCE_NOCHECK(*(unsigned long *)(at + sizeof(long))) + calls->mark * sizeof(long) ==
			    at + sizeof(long))
			return true;
	}
	return false;
}
NOKPROBE_SYMBOL(rprobes_calls_nested);

/*
 * Looks through the stacks of all tasks. No new such call begins any more, so if there are none, there never are again.
 *
 * Tasks that exit have none that return, see rust/machine/direct/mod.rs, which also has the reason why calls by
 * something else than a task are no concern here, once a grace period is over. RCU does not wait for a CPU that is just
 * coming up.
 */
void rprobes_calls_find(struct rprobes_calls *calls)
{
	struct task_struct *process, *task;
	unsigned int found;

	cpus_read_lock();
	cpus_read_unlock();
	synchronize_rcu();
	calls->calls = 0;
	calls->own = false;
	rcu_read_lock();
	for_each_process(process) {
		/* As for_each_thread(), which with lockdep needs tasklist_lock, and that is not exported. */
		list_for_each_entry_rcu(task, &process->signal->thread_head, thread_node) {
			unsigned long stack = (unsigned long)READ_ONCE(task->stack);

			if (!stack || READ_ONCE(task->flags) & PF_EXITING)
				continue;
			found = calls_in(stack, calls);
			if (!found)
				continue;
			calls->calls += found;
			calls->own |= task == current;
			calls->pid = task->pid;
			memcpy(calls->comm, task->comm, sizeof(calls->comm));
			calls->comm[sizeof(calls->comm) - 1] = '\0';
		}
	}
	rcu_read_unlock();
}

void rprobes_calls_wait(unsigned int ms)
{
	msleep(ms);
}

/* Waits for those who have left the function, and are still in the last instructions of a trampoline: they do not sleep there. */
void rprobes_calls_done(void)
{
	synchronize_rcu_tasks();
}
