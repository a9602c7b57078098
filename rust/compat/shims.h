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

/* With PREEMPT_RT such a lock sleeps, and interrupts stay as they are. */
#ifdef CONFIG_PREEMPT_RT
#define spin_lock_irq_disable spin_lock
#define spin_unlock_irq_enable spin_unlock
#define spin_trylock_irq_disable spin_trylock
#else
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
#endif

#ifndef HAVE_atomic_add_negative_acquire
#define atomic_add_negative_acquire(i, v) (atomic_add_return_acquire(i, v) < 0)
#define atomic_add_negative_release(i, v) (atomic_add_return_release(i, v) < 0)
#define atomic_add_negative_relaxed(i, v) (atomic_add_return_relaxed(i, v) < 0)
#define atomic64_add_negative_acquire(i, v) (atomic64_add_return_acquire(i, v) < 0)
#define atomic64_add_negative_release(i, v) (atomic64_add_return_release(i, v) < 0)
#define atomic64_add_negative_relaxed(i, v) (atomic64_add_return_relaxed(i, v) < 0)
#endif

#ifndef HAVE_errname
/* Those that probes meet; of others the number is printed. */
static inline const char *rprobes_errname(int err)
{
#define NAME(name)	\
	case name:	\
		return #name;

	switch (err) {
	NAME(EPERM) NAME(ENOENT) NAME(ESRCH) NAME(EINTR) NAME(EIO)
	NAME(ENXIO) NAME(E2BIG) NAME(ENOEXEC) NAME(EBADF) NAME(ECHILD)
	NAME(EAGAIN) NAME(ENOMEM) NAME(EACCES) NAME(EFAULT) NAME(ENOTBLK)
	NAME(EBUSY) NAME(EEXIST) NAME(EXDEV) NAME(ENODEV) NAME(ENOTDIR)
	NAME(EISDIR) NAME(EINVAL) NAME(ENFILE) NAME(EMFILE) NAME(ENOTTY)
	NAME(ETXTBSY) NAME(EFBIG) NAME(ENOSPC) NAME(ESPIPE) NAME(EROFS)
	NAME(EMLINK) NAME(EPIPE) NAME(EDOM) NAME(ERANGE) NAME(EDEADLK)
	NAME(ENAMETOOLONG) NAME(ENOLCK) NAME(ENOSYS) NAME(ENOTEMPTY) NAME(ELOOP)
	NAME(ENODATA) NAME(ETIME) NAME(EOVERFLOW) NAME(EILSEQ) NAME(EMSGSIZE)
	NAME(EPROTO) NAME(EOPNOTSUPP) NAME(EADDRINUSE) NAME(EADDRNOTAVAIL) NAME(ENETDOWN)
	NAME(ENOBUFS) NAME(ETIMEDOUT) NAME(ECONNREFUSED) NAME(EALREADY) NAME(EINPROGRESS)
	NAME(ESTALE) NAME(EDQUOT) NAME(ECANCELED) NAME(EKEYREJECTED)
	}
#undef NAME
	return NULL;
}
#define errname rprobes_errname
#endif

#ifndef HAVE_vma_end_read
static inline void vma_end_read(struct vm_area_struct *vma)
{
}
#endif

#ifdef HAVE_vrealloc
#define rprobes_vrealloc vrealloc
#else
/* The size of memory from vmalloc(), in whole pages: an unmapped page follows. */
static inline size_t rprobes_vmalloc_size(const void *p)
{
	size_t size = 0;

	while (vmalloc_to_page(p + size))
		size += PAGE_SIZE;
	return size;
}

static inline void *rprobes_vrealloc(const void *p, size_t size, gfp_t flags)
{
	size_t old = 0;
	void *new;

	if (!size) {
		vfree(p);
		return NULL;
	}
	if (p) {
		old = rprobes_vmalloc_size(p);
		if (size <= old) {
			if (flags & __GFP_ZERO)
				memset((void *)p + size, 0, old - size);
			return (void *)p;
		}
	}
	new = __vmalloc(size, flags);
	if (new && p) {
		memcpy(new, p, old);
		vfree(p);
	}
	return new;
}
#endif

#ifdef HAVE_kvrealloc_size
#define rprobes_kvrealloc kvrealloc
#else
static inline void *rprobes_kvrealloc(const void *p, size_t size, gfp_t flags)
{
	void *new;

	if (is_vmalloc_addr(p))
		return rprobes_vrealloc(p, size, flags);
	new = krealloc(p, size, size > PAGE_SIZE ? flags | __GFP_NOWARN : flags);
	if (new || !size || size <= PAGE_SIZE)
		return new;
	new = kvmalloc(size, flags);
	if (new && p) {
		memcpy(new, p, ksize(p));
		kfree(p);
	}
	return new;
}
#endif

#ifndef HAVE_krealloc_node_align
/* kmalloc() aligns sizes that are powers of two to themselves. The node is a hint. */
static inline size_t rprobes_aligned_size(size_t size, unsigned long align)
{
	return size && align > ARCH_KMALLOC_MINALIGN ? roundup_pow_of_two(max_t(size_t, size, align)) : size;
}

#define krealloc_node_align(p, size, align, flags, node) krealloc(p, rprobes_aligned_size(size, align), flags)
/* Whole pages are aligned to one, and not to more. */
#define kvrealloc_node_align(p, size, align, flags, node) \
	((align) > PAGE_SIZE && (size) ? NULL : rprobes_kvrealloc(p, rprobes_aligned_size(size, align), flags))
#define vrealloc_node_align(p, size, align, flags, node) \
	((align) > PAGE_SIZE && (size) ? NULL : rprobes_vrealloc(p, size, flags))
#endif

#endif /* _RPROBES_SHIMS_H */
