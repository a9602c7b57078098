/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * What older kernels lack of that which the kernel crate is built on. HAVE_x is defined where probes/x.c compiles for
 * the target, and says there since when there is such a thing.
 */
#ifndef _RPROBES_SHIMS_H
#define _RPROBES_SHIMS_H

#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/hrtimer.h>
#include <linux/irqflags.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#ifndef EFTYPE
#define EFTYPE 134
#endif
#ifndef EFSBADCRC
#define EFSBADCRC EBADMSG
#endif
#ifndef EFSCORRUPTED
#define EFSCORRUPTED EUCLEAN
#endif
/* asm-generic/delay.h has had it since Linux 6.11. */
#ifndef MAX_UDELAY_MS
#define MAX_UDELAY_MS 5
#endif

#ifndef HAVE_local_interrupt_disable
/* Of the CPU that this runs on: how often interrupts are disabled, and what they were before. */
struct rprobes_interrupts {
	unsigned int depth;
	unsigned long flags;
};
static DEFINE_PER_CPU(struct rprobes_interrupts, rprobes_interrupts);

static inline void local_interrupt_disable(void)
{
	unsigned long flags;

	local_irq_save(flags);
	if (__this_cpu_inc_return(rprobes_interrupts.depth) == 1)
		__this_cpu_write(rprobes_interrupts.flags, flags);
}

static inline void local_interrupt_enable(void)
{
	unsigned long flags = __this_cpu_read(rprobes_interrupts.flags);

	if (!__this_cpu_dec_return(rprobes_interrupts.depth))
		local_irq_restore(flags);
}

static inline void spin_lock_irq_disable(spinlock_t *lock)
{
	local_interrupt_disable();
	spin_lock(lock);
}

static inline void spin_unlock_irq_enable(spinlock_t *lock)
{
	spin_unlock(lock);
	local_interrupt_enable();
}

static inline int spin_trylock_irq_disable(spinlock_t *lock)
{
	local_interrupt_disable();
	if (spin_trylock(lock))
		return 1;
	local_interrupt_enable();
	return 0;
}
#endif

#ifndef HAVE_krealloc_node_align
/* kmalloc() aligns sizes that are powers of two to themselves. The node is a hint. */
static inline size_t rprobes_aligned_size(size_t size, unsigned long align)
{
	return size && align > ARCH_KMALLOC_MINALIGN ? roundup_pow_of_two(max_t(size_t, size, align)) : size;
}

#define krealloc_node_align(p, size, align, flags, node) krealloc(p, rprobes_aligned_size(size, align), flags)
#define kvrealloc_node_align(p, size, align, flags, node) kvrealloc(p, rprobes_aligned_size(size, align), flags)
/* Whole pages, so aligned to one. */
#define vrealloc_node_align(p, size, align, flags, node) vrealloc(p, size, flags)
#endif

#endif /* _RPROBES_SHIMS_H */
