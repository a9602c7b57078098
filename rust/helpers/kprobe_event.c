// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Events that are kprobes.
 */
#include <linux/err.h>
#include <linux/trace_events.h>

#include <rprobes/kprobe_event.h>

#ifdef CONFIG_KPROBE_EVENTS
/* Does what a line written to kprobe_events does; -:group/event removes it. Process context. */
int rprobes_kprobe_event_command(const char *command)
{
	struct dynevent_cmd cmd;
	char nothing;

	/* What puts a command together for us has a group of its own, so this one is whole. It is only read. */
	kprobe_event_cmd_init(&cmd, &nothing, sizeof(nothing));
	cmd.seq.buffer = (char *)command;
	return dynevent_create(&cmd);
}

bool rprobes_event_exists(const char *system, const char *event)
{
	struct trace_event_file *file = trace_get_event_file(NULL, system, event);

	if (IS_ERR(file))
		return PTR_ERR(file) == -EBUSY;
	trace_put_event_file(file);
	return true;
}

int rprobes_event_set(const char *system, const char *event, bool on)
{
	return trace_set_clr_event(system, event, on);
}
#else
int rprobes_kprobe_event_command(const char *command)
{
	return -EOPNOTSUPP;
}

bool rprobes_event_exists(const char *system, const char *event)
{
	return false;
}

int rprobes_event_set(const char *system, const char *event, bool on)
{
	return -EOPNOTSUPP;
}
#endif
