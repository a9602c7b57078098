/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * What the kernel crate needs bindings of. The first two are included first as bindgen takes an enum for signed that it
 * has seen used before it was declared.
 */
#include "have.h"
#ifdef HAVE_hrtimer_types
#include <linux/hrtimer_types.h>
#else
#include <linux/hrtimer.h>
#endif

#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/debugfs.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/jump_label.h>
#include <linux/kallsyms.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/sched/task.h>
#include <linux/security.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/task_work.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "shims.h"
/* Where it is not exported, the helper is bound. */
#ifdef HAVE_errname
#include <linux/errname.h>
#endif

/* bindgen cannot evaluate these. */
const size_t RUST_CONST_HELPER_ARCH_SLAB_MINALIGN = ARCH_SLAB_MINALIGN;
const size_t RUST_CONST_HELPER_ARCH_KMALLOC_MINALIGN = ARCH_KMALLOC_MINALIGN;
const size_t RUST_CONST_HELPER_PAGE_SIZE = PAGE_SIZE;
const gfp_t RUST_CONST_HELPER_GFP_ATOMIC = GFP_ATOMIC;
const gfp_t RUST_CONST_HELPER_GFP_KERNEL = GFP_KERNEL;
const gfp_t RUST_CONST_HELPER_GFP_KERNEL_ACCOUNT = GFP_KERNEL_ACCOUNT;
const gfp_t RUST_CONST_HELPER_GFP_NOWAIT = GFP_NOWAIT;
const gfp_t RUST_CONST_HELPER___GFP_ZERO = __GFP_ZERO;
const gfp_t RUST_CONST_HELPER___GFP_HIGHMEM = ___GFP_HIGHMEM;
const gfp_t RUST_CONST_HELPER___GFP_NOWARN = ___GFP_NOWARN;
#define VM_CONST(name) const vm_flags_t RUST_CONST_HELPER_VM_##name = VM_##name
VM_CONST(MERGEABLE);
VM_CONST(READ);
VM_CONST(WRITE);
VM_CONST(EXEC);
VM_CONST(SHARED);
VM_CONST(MAYREAD);
VM_CONST(MAYWRITE);
VM_CONST(MAYEXEC);
VM_CONST(MAYSHARE);
VM_CONST(PFNMAP);
VM_CONST(IO);
VM_CONST(DONTCOPY);
VM_CONST(DONTEXPAND);
VM_CONST(LOCKONFAULT);
VM_CONST(ACCOUNT);
VM_CONST(NORESERVE);
VM_CONST(HUGETLB);
VM_CONST(SYNC);
VM_CONST(ARCH_1);
VM_CONST(WIPEONFORK);
VM_CONST(DONTDUMP);
VM_CONST(SOFTDIRTY);
VM_CONST(MIXEDMAP);
VM_CONST(HUGEPAGE);
VM_CONST(NOHUGEPAGE);
