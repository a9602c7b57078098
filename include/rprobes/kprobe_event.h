/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Events that are kprobes: rust/helpers/kprobe_event.c
 */
#ifndef _RPROBES_KPROBE_EVENT_H
#define _RPROBES_KPROBE_EVENT_H

#include <linux/types.h>

int rprobes_kprobe_event_command(const char *command);
bool rprobes_event_exists(const char *system, const char *event);
int rprobes_event_set(const char *system, const char *event, bool on);

#endif /* _RPROBES_KPROBE_EVENT_H */
