// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The C helpers of the kernel crate, as far as it is used, each from the source of the later kernel.
 */
#include <linux/compiler_types.h>

#define __rust_helper

#include "have.h"
#include "shims.h"

#include "atomic.c"
#include "atomic_ext.c"
#include "barrier.c"
#include "bitmap.c"
#include "bitops.c"
#include "bug.c"
#include "build_assert.c"
#include "build_bug.c"
#include "completion.c"
#include "cred.c"
#include "err.c"
#include "fs.c"
#if __has_include("interrupt.c") /* Since Linux 7.3. */
#include "interrupt.c"
#endif
#include "jump_label.c"
#include "list.c"
#include "mm.c"
#include "mutex.c"
#include "page.c"
#include "pid_namespace.c"
#include "processor.c"
#include "rbtree.c"
#include "rcu.c"
#include "refcount.c"
#include "signal.c"
#include "slab.c"
#include "spinlock.c"
#include "string.c"
#include "sync.c"
#include "task.c"
#include "time.c"
#include "uaccess.c"
#include "vmalloc.c"
#include "wait.c"

/* Of an area whose lock is held. */
unsigned long rust_helper_vma_start(const struct vm_area_struct *vma)
{
	return vma->vm_start;
}

unsigned long rust_helper_vma_end(const struct vm_area_struct *vma)
{
	return vma->vm_end;
}

unsigned long rust_helper_vma_flags(const struct vm_area_struct *vma)
{
	return vma->vm_flags;
}

/* Of an area that nobody else sees yet. Since Linux 6.3 it cannot be assigned to; it is still the same word. */
void rust_helper_vma_set_flags(struct vm_area_struct *vma, unsigned long flags)
{
	*(unsigned long *)&vma->vm_flags = flags;
}

#ifndef HAVE_hrtimer_setup
void rust_helper_hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*function)(struct hrtimer *),
			       clockid_t clock_id, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock_id, mode);
	timer->function = function;
}
#endif

#ifndef HAVE_zap_vma_range
void rust_helper_zap_vma_range(struct vm_area_struct *vma, unsigned long address, unsigned long size)
{
	zap_page_range_single(vma, address, size, NULL);
}
#endif

#ifndef HAVE_debugfs_create_file_full
struct dentry *rust_helper_debugfs_create_file_full(const char *name, umode_t mode, struct dentry *parent, void *data,
						    const void *aux, const struct file_operations *fops)
{
	return debugfs_create_file(name, mode, parent, data, fops);
}
#endif
