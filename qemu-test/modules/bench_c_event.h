/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/* The C twin of the event in bench.rs. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM bench_c

#if !defined(_RPROBES_BENCH_C_EVENT_H) || defined(TRACE_HEADER_MULTI_READ)
#define _RPROBES_BENCH_C_EVENT_H

#include <linux/tracepoint.h>

TRACE_EVENT(read,
	TP_PROTO(int pid, u64 bytes, const char *name),
	TP_ARGS(pid, bytes, name),
	TP_STRUCT__entry(
		__field(s32, pid)
		__field(u64, bytes)
		__array(char, name, 16)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->bytes = bytes;
		memcpy(__entry->name, name, sizeof(__entry->name));
	),
	TP_printk("pid=%d bytes=%llu name=%.16s", __entry->pid, __entry->bytes, __entry->name)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE bench_c_event
#include <trace/define_trace.h>
