/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Registered probes: rust/helpers/probe.c
 */
#ifndef _RPROBES_PROBE_H
#define _RPROBES_PROBE_H

#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/types.h>

/*
 * How the handlers of a return probe find what belongs to a call: two pointers to follow from the instance to the
 * &struct kretprobe, and the offset of the data.
 */
enum {
#ifdef CONFIG_KRETPROBE_ON_RETHOOK
	RPROBES_INSTANCE_HOLDER = offsetof(struct kretprobe_instance, node.rethook),
	RPROBES_HOLDER_PROBE = offsetof(struct rethook, data),
#else
	RPROBES_INSTANCE_HOLDER = offsetof(struct kretprobe_instance, rph),
	RPROBES_HOLDER_PROBE = offsetof(struct kretprobe_holder, rp),
#endif
	RPROBES_INSTANCE_DATA = offsetof(struct kretprobe_instance, data),
#ifdef CONFIG_KPROBES_ON_FTRACE
	/* The length of the instruction that ftrace patches, a NOP to whoever probes it. */
	RPROBES_FTRACE_INSN_SIZE = MCOUNT_INSN_SIZE,
#else
	RPROBES_FTRACE_INSN_SIZE = 0,
#endif
};

/**
 * struct rprobes_probe - what a registered probe of any kind has besides the kernel's own part
 * @link: in the list of this module's probes, until it has ended
 * @ended_by: who has begun to end it, as rust/helpers/probe.c has it
 */
struct rprobes_probe {
	struct list_head link;
	unsigned int ended_by;
};

void rprobes_register_lock(void);
void rprobes_register_unlock(void);
void rprobes_plant_lock(void);
void rprobes_plant_unlock(void);
int rprobes_probe_link(struct rprobes_probe *probe);
void rprobes_probe_mark(struct rprobes_probe *probe);
void rprobes_probe_unlink(struct rprobes_probe *probe);
void rprobes_probe_drain(void (*end)(struct rprobes_probe *probe));
void rprobes_wait_for_handlers(void);
void rprobes_kprobe_disable(struct kprobe *kp);
bool rprobes_kprobe_has_company_without_post(struct kprobe *kp);
bool rprobes_may_sleep(void);
void rprobes_dropped_in_handler(void);

#endif /* _RPROBES_PROBE_H */
