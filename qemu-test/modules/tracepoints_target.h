/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/* Tracepoints of a module, without events: what events are made of is left out. */
#ifndef _TRACEPOINTS_TARGET_H
#define _TRACEPOINTS_TARGET_H

#include <linux/tracepoint.h>

struct tracepoints_target_pair {
	int first;
	int second;
};

TRACE_EVENT(tracepoints_target_few, TP_PROTO(int number, const char *text), TP_ARGS(number, text), , , );

/* More than there are registers for. */
TRACE_EVENT(tracepoints_target_many,
	    TP_PROTO(long a, int b, short c, signed char d, bool e, u64 f, struct tracepoints_target_pair pair, u8 g, int h),
	    TP_ARGS(a, b, c, d, e, f, pair, g, h), , , );

#endif
