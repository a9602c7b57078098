// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The trace buffer, instances of it, and what this module has made in the tracing system.
 */
#include <linux/compiler.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/ring_buffer.h>
#include <linux/trace.h>
#include <linux/trace_events.h>

#include <rprobes/trace.h>

#if defined(CONFIG_TRACING) && defined(CONFIG_EVENT_TRACING)
/* The trace array of the kernel itself, which is never freed; every one of its event files has it. NULL on failure. */
struct trace_array *rprobes_trace_top(void)
{
	struct trace_event_file *file = trace_get_event_file(NULL, "sched", "sched_switch");
	struct trace_array *tr;

	if (IS_ERR(file))
		return NULL;
	tr = file->tr;
	trace_put_event_file(file);
	return tr;
}

/* The entries of these three name the function that they were called from. @text ends with a NUL; @len is not 0. */
noinline void rprobes_trace_puts(const char *text, size_t len)
{
#ifdef RPROBES_PUTS_HAS_SIZE
	__trace_puts(_RET_IP_, text, len);
#else
	/* It takes what stands before the first NUL, and that must not be nothing. */
	if (*text)
		__trace_puts(_RET_IP_, text);
#endif
}

/* @text stays for ever: the module loader has made it. Or it is NULL, as there was no memory for that. */
noinline void rprobes_trace_bputs(const char *text)
{
	if (text)
		__trace_bputs(_RET_IP_, text);
}

/* @len is not 0. */
noinline void rprobes_instance_puts(struct trace_array *tr, const char *text, size_t len)
{
	__trace_array_puts(tr, _RET_IP_, text, len);
}

/* The instance of this name, which is made if there is none. */
struct trace_array *rprobes_instance_get(const char *name, bool *made)
{
	struct trace_event_file *file = trace_get_event_file(name, "sched", "sched_switch");

	*made = PTR_ERR(file) == -ENOENT;
	if (!IS_ERR(file))
		trace_put_event_file(file);
#ifdef RPROBES_INSTANCE_HAS_SYSTEMS
	return trace_array_get_by_name(name, NULL);
#else
	return trace_array_get_by_name(name);
#endif
}

int rprobes_instance_events(struct trace_array *tr, const char *system, const char *event, bool enable)
{
	return trace_array_set_clr_event(tr, system, event, enable);
}

/* Gives back what rprobes_instance_get() has taken. */
int rprobes_instance_put(struct trace_array *tr, bool destroy)
{
	trace_array_put(tr);
	return destroy ? trace_array_destroy(tr) : 0;
}

/* Any context. */
void rprobes_ring_on(struct trace_buffer *buffer)
{
	ring_buffer_record_on(buffer);
}

void rprobes_ring_off(struct trace_buffer *buffer)
{
	ring_buffer_record_off(buffer);
}
#else
struct trace_array *rprobes_trace_top(void)
{
	return NULL;
}

void rprobes_trace_puts(const char *text, size_t len)
{
}

void rprobes_trace_bputs(const char *text)
{
}

void rprobes_instance_puts(struct trace_array *tr, const char *text, size_t len)
{
}

struct trace_array *rprobes_instance_get(const char *name, bool *made)
{
	return NULL;
}

int rprobes_instance_events(struct trace_array *tr, const char *system, const char *event, bool enable)
{
	return -EOPNOTSUPP;
}

int rprobes_instance_put(struct trace_array *tr, bool destroy)
{
	return 0;
}

void rprobes_ring_on(struct trace_buffer *buffer)
{
}

void rprobes_ring_off(struct trace_buffer *buffer)
{
}
#endif

static LIST_HEAD(all);
static DEFINE_MUTEX(all_lock);

void rprobes_traced_link(struct rprobes_traced *traced)
{
	mutex_lock(&all_lock);
	list_add(&traced->link, &all);
	mutex_unlock(&all_lock);
}

/* Waits for a drain; returns whether it is still to be removed. */
bool rprobes_traced_unlink(struct rprobes_traced *traced)
{
	bool linked;

	mutex_lock(&all_lock);
	linked = !list_empty(&traced->link);
	list_del_init(&traced->link);
	mutex_unlock(&all_lock);
	return linked;
}

void rprobes_traced_each(unsigned int kind, void (*visit)(struct rprobes_traced *traced, void *data), void *data)
{
	struct rprobes_traced *traced;

	mutex_lock(&all_lock);
	list_for_each_entry(traced, &all, link)
		if (traced->kind == kind)
			visit(traced, data);
	mutex_unlock(&all_lock);
}

/* Empties the list. What was made last is removed first. */
void rprobes_traced_drain(void)
{
	struct rprobes_traced *traced, *next;
	unsigned int kind;

	mutex_lock(&all_lock);
	for (kind = 0; !list_empty(&all); kind++) {
		list_for_each_entry_safe(traced, next, &all, link) {
			if (traced->kind != kind)
				continue;
			list_del_init(&traced->link);
			traced->remove(traced);
		}
	}
	mutex_unlock(&all_lock);
}
