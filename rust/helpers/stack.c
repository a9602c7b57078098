// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The kernel's stack where a handler is called without registers, that of user space, and the files that this one's code is in.
 */
#include <linux/bitops.h>
#include <linux/compat.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/ptrace.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#ifdef CONFIG_ARM64
#include <asm/insn.h>
#endif

#include <rprobes/probe.h>
#include <rprobes/stack.h>

/*
 * Where a function returns to, at whose entry the registers are, if that is not on the stack yet; 0 if they are elsewhere: then there
 * is no call of what they are at in front of that.
 */
unsigned long rprobes_returns_to(struct pt_regs *regs)
{
#ifdef CONFIG_ARM64
	/* Behind BTI and what ftrace has there. */
	enum { MOST = 3 * AARCH64_INSN_SIZE };
	unsigned long address = regs->regs[30], callee;
	u32 insn;

	if ((long)address >= 0 || copy_from_kernel_nofault(&insn, (const void *)(address - AARCH64_INSN_SIZE), sizeof(insn)))
		return 0;
	/* BL and BLR. */
	if ((insn & 0xfc000000) == 0x94000000)
		callee = address - AARCH64_INSN_SIZE + sign_extend64((u64)(insn & 0x03ffffff) << 2, 27);
	else if ((insn & 0xfffffc1f) == 0xd63f0000)
		callee = regs->regs[min(insn >> 5 & 31, 30u)];
	else
		return 0;
	return instruction_pointer(regs) - callee <= MOST ? address : 0;
#else
	return 0;
#endif
}

/* The stack without what this module has on it: its handlers are called by what it probes. */
unsigned int rprobes_stack_here(unsigned long *addresses, unsigned int count)
{
	unsigned int found = stack_trace_save(addresses, count, 0), skip = 0;

	while (skip < found && within_module(addresses[skip], THIS_MODULE))
		skip++;
	memmove(addresses, addresses + skip, (found - skip) * sizeof(*addresses));
	return found - skip;
}

/* Where a function's frame is, there is a pointer to that of its caller, and then where it returns to. */
struct frame {
	unsigned long next;
	unsigned long address;
};

/* A process of 32 bits has other frames. */
static bool has_32_bits(struct pt_regs *regs)
{
#ifdef CONFIG_X86
	return test_thread_flag(TIF_ADDR32);
#else
	return compat_user_mode(regs);
#endif
}

/* A signature may be above it. */
static unsigned long plain(unsigned long address)
{
#ifdef CONFIG_ARM64
	return address & GENMASK(47, 0);
#else
	return address;
#endif
}

/*
 * What the task had in its registers when it entered the kernel, and from there what its memory says, which may be anything. The
 * frames are above one another, so there is an end.
 */
unsigned int rprobes_user_stack(unsigned long *addresses, unsigned int count)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long at = frame_pointer(regs);
	unsigned int found = 0;
	struct frame frame;

	if (!count || current->flags & (PF_KTHREAD | PF_IO_WORKER | PF_EXITING) || !user_mode(regs))
		return 0;
	addresses[found++] = instruction_pointer(regs);
	if (has_32_bits(regs))
		return found;
	while (found < count && at % sizeof(long) == 0 &&
	       !copy_from_user_nofault(&frame, (const void __user *)at, sizeof(frame)) && frame.address) {
		addresses[found++] = plain(frame.address);
		if (frame.next <= at)
			break;
		at = frame.next;
	}
	return found;
}

static struct mm_struct *mm_of(int tgid)
{
	struct task_struct *task;
	struct mm_struct *mm;

	rcu_read_lock();
	task = pid_task(find_pid_ns(tgid, &init_pid_ns), PIDTYPE_TGID);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	if (!task)
		return NULL;
	mm = get_task_mm(task);
	put_task_struct(task);
	return mm;
}

/*
 * The path of the file that a process has at an address, at the start of @buffer, and the offset in it: the length, or a negative
 * error. Process context.
 */
ssize_t rprobes_user_object(int tgid, unsigned long address, char *buffer, size_t size, unsigned long *offset)
{
	struct vm_area_struct *vma;
	struct file *file = NULL;
	struct mm_struct *mm;
	const char *path;
	size_t len;

	/* Who is in a handler has interrupted anything, such as what has this locked. */
	if (!rprobes_may_sleep())
		return -EDEADLK;
	mm = mm_of(tgid);
	if (!mm)
		return -ESRCH;
	mmap_read_lock(mm);
	vma = find_vma(mm, address);
	if (vma && vma->vm_start <= address && vma->vm_file) {
		file = get_file(vma->vm_file);
		*offset = address - vma->vm_start + (vma->vm_pgoff << PAGE_SHIFT);
	}
	mmap_read_unlock(mm);
	mmput(mm);
	if (!file)
		return -ENOENT;
	path = file_path(file, buffer, size);
	if (!IS_ERR(path)) {
		len = strlen(path);
		memmove(buffer, path, len);
	}
	fput(file);
	return IS_ERR(path) ? PTR_ERR(path) : len;
}
