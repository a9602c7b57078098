/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * What the rprobes crate needs from the C side, and all that bindgen reads: the kernel's probe types, which are not
 * among the bindings of the kernel crate, and the helpers in rust/helpers, one header for each file there.
 */
#ifndef _RPROBES_H
#define _RPROBES_H

#include <linux/kallsyms.h>
#include <linux/kprobes.h>

#ifndef CONFIG_KPROBES
#error "this kernel is built without CONFIG_KPROBES"
#endif
/* What each CPU has is found by %gs, which without it leads nowhere. */
#if defined(CONFIG_X86) && !defined(CONFIG_SMP)
#error "this kernel is built without CONFIG_SMP, which rprobes needs on x86"
#endif

#include <rprobes/direct.h>
#include <rprobes/event.h>
#include <rprobes/fault.h>
#include <rprobes/function.h>
#include <rprobes/irq.h>
#include <rprobes/kallsyms.h>
#include <rprobes/kprobe_event.h>
#include <rprobes/later.h>
#include <rprobes/module_watch.h>
#include <rprobes/path.h>
#include <rprobes/percpu.h>
#include <rprobes/probe.h>
#include <rprobes/process.h>
#include <rprobes/ratelimit.h>
#include <rprobes/redirect.h>
#include <rprobes/report.h>
#include <rprobes/running_types.h>
#include <rprobes/stack.h>
#include <rprobes/stream.h>
#include <rprobes/syscall.h>
#include <rprobes/task.h>
#include <rprobes/trace.h>
#include <rprobes/tracefs.h>
#include <rprobes/tracepoint.h>
#include <rprobes/worker.h>

/* The name of the module that this is linked into. */
const char *rprobes_module_name(void);

#endif /* _RPROBES_H */
