/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Modules that come and go: rust/helpers/module_watch.c
 */
#ifndef _RPROBES_MODULE_WATCH_H
#define _RPROBES_MODULE_WATCH_H

#include <linux/list.h>
#include <linux/types.h>

/**
 * struct rprobes_watch - wants to know when a module comes and goes
 * @link: in the list of this module's watches
 * @module: the name of the module
 * @event: called in process context when it is there, perhaps more than once, and when it goes
 */
struct rprobes_watch {
	struct list_head link;
	const char *module;
	void (*event)(struct rprobes_watch *watch, bool there);
};

int rprobes_watch_link(struct rprobes_watch *watch);
void rprobes_watch_unlink(struct rprobes_watch *watch);
void rprobes_watch_drain(void);

#endif /* _RPROBES_MODULE_WATCH_H */
