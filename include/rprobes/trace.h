/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The trace buffer, and instances of it: rust/helpers/trace.c
 */
#ifndef _RPROBES_TRACE_H
#define _RPROBES_TRACE_H

#include <linux/list.h>
#include <linux/types.h>

#include <btf_offsets.h>

struct trace_array;
struct trace_buffer;

/*
 * Where to see whether a &struct trace_array is recording: there is a pointer to its &struct trace_buffer, and in that
 * a counter which is 0 if so. And where a bit is set if trace_printk() goes there, which before Linux 6.12 is always so.
 */
enum {
#if defined(RPROBES_BTF_trace_array_array_buffer) && defined(RPROBES_BTF_array_buffer_buffer) && \
	defined(RPROBES_BTF_trace_buffer_record_disabled) && defined(RPROBES_BTF_trace_array_trace_flags)
	RPROBES_KNOWS_TRACE_ARRAYS = 1,
	RPROBES_TRACE_BUFFER = RPROBES_BTF_trace_array_array_buffer + RPROBES_BTF_array_buffer_buffer,
	RPROBES_TRACE_DISABLED = RPROBES_BTF_trace_buffer_record_disabled,
#else
	RPROBES_KNOWS_TRACE_ARRAYS = 0,
	RPROBES_TRACE_BUFFER = 0,
	RPROBES_TRACE_DISABLED = 0,
#endif
	/* The byte and the bit. Little-endian: so are all architectures here. */
#if defined(RPROBES_BTF_trace_array_trace_flags) && defined(RPROBES_BTF_trace_iterator_bits_TRACE_ITER_TRACE_PRINTK_BIT)
	RPROBES_TRACE_DESTINATION = RPROBES_BTF_trace_array_trace_flags +
				    RPROBES_BTF_trace_iterator_bits_TRACE_ITER_TRACE_PRINTK_BIT / 8,
	RPROBES_TRACE_DESTINATION_BIT = 1 << RPROBES_BTF_trace_iterator_bits_TRACE_ITER_TRACE_PRINTK_BIT % 8,
#else
	RPROBES_TRACE_DESTINATION = 0,
	RPROBES_TRACE_DESTINATION_BIT = 0,
#endif
};

struct trace_array *rprobes_trace_top(void);
void rprobes_trace_puts(const char *text, size_t len);
void rprobes_trace_bputs(const char *text);

struct trace_array *rprobes_instance_get(const char *name, bool *made);
void rprobes_instance_puts(struct trace_array *tr, const char *text, size_t len);
int rprobes_instance_events(struct trace_array *tr, const char *system, const char *event, bool enable);
int rprobes_instance_put(struct trace_array *tr, bool destroy);
void rprobes_ring_on(struct trace_buffer *buffer);
void rprobes_ring_off(struct trace_buffer *buffer);

/**
 * struct rprobes_traced - what this module has made in the tracing system
 * @link: in the list of all such
 * @kind: those of the lower kind are removed first
 * @remove: removes it when the module goes away
 */
struct rprobes_traced {
	struct list_head link;
	unsigned int kind;
	void (*remove)(struct rprobes_traced *traced);
};

void rprobes_traced_link(struct rprobes_traced *traced);
bool rprobes_traced_unlink(struct rprobes_traced *traced);
void rprobes_traced_each(unsigned int kind, void (*visit)(struct rprobes_traced *traced, void *data), void *data);
void rprobes_traced_drain(void);

#endif /* _RPROBES_TRACE_H */
