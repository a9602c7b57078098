// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * All helpers, compiled as one: each would include most of the same headers, which take longer than what is in it.
 */
#include "direct.c"
#include "fault.c"
#include "function.c"
#include "irq.c"
#include "kallsyms.c"
#include "kprobe_event.c"
#include "later.c"
#include "module.c"
#include "module_watch.c"
#include "path.c"
#include "percpu.c"
#include "probe.c"
#include "process.c"
#include "ratelimit.c"
#include "redirect.c"
#include "report.c"
#include "running_types.c"
#include "stack.c"
#include "syscall.c"
#include "task.c"
#include "trace.c"
#include "tracefs.c"
#include "tracepoint.c"
#include "worker.c"
