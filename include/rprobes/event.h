/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Events of modules' own: rust/trace/event.rs. The C of a module is made by scripts/btf/src/events.
 */
#ifndef _RPROBES_EVENT_H
#define _RPROBES_EVENT_H

#include <linux/build_bug.h>
#include <linux/jump_label.h>
#include <linux/rcupdate.h>
#include <linux/stddef.h>
#include <linux/stringify.h>
#include <linux/tracepoint-defs.h>

enum {
	/* Where the static key of a tracepoint is in it. */
	RPROBES_TRACEPOINT_KEY = offsetof(struct tracepoint, key),
};

#ifdef CONFIG_JUMP_LABEL
/* What static_branch!() of rust/machine/arch writes. */
static_assert(sizeof(struct jump_entry) == 16 && offsetof(struct jump_entry, code) == 0 &&
	      offsetof(struct jump_entry, target) == 4 && offsetof(struct jump_entry, key) == 8);
#endif

/* Text of any length, as Rust passes it. */
struct rprobes_text {
	const char *text;
	size_t len;
};

/* What is a macro of the kernel's cannot be the name of an event, or of a field. */
#define RPROBES_EVENT_NAME(name, place) \
	static_assert(!__builtin_strcmp(__stringify(name), #name), \
		      place ": `" #name "` is a macro in the kernel: take another name")

/* The function that Rust calls, and the tracepoint, by names that Rust knows. */
#define RPROBES_EVENT(event, type, symbol) \
	void rprobes_emit_##event(const struct rprobes_event_##event *from) __asm__(symbol); \
	notrace void rprobes_emit_##event(const struct rprobes_event_##event *from) \
	{ \
		/* Whoever waits for those that use a tracepoint does not see an idle CPU. */ \
		if (rcu_is_watching()) \
			trace_##event(from); \
	} \
	extern struct tracepoint rprobes_tracepoint_##event __asm__("rprobes_tracepoint." type) \
		__attribute__((alias("__tracepoint_" #event)))

#endif /* _RPROBES_EVENT_H */
