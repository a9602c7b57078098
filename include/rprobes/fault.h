/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Traps of probed instructions: rust/helpers/fault.c
 */
#ifndef _RPROBES_FAULT_H
#define _RPROBES_FAULT_H

#include <linux/kprobes.h>
#include <linux/list.h>

/**
 * struct rprobes_kprobe - a kprobe, with what the crate needs to register it and to report its faults
 * @kp: the kernel's part; first, so that what a callback is passed is also the &struct rprobes_kprobe
 * @pre: to be @kp.pre_handler where the kernel executes the probed instruction
 * @post: to be @kp.post_handler there
 * @pre_at_ftrace: to be @kp.pre_handler, alone, where ftrace calls the probe
 * @redirects: whether the handler makes the CPU continue elsewhere
 * @fault: called when the probed instruction traps while it is executed out of line; NULL if nobody wants to know
 * @fault_link: in the list of probes with a @fault
 */
struct rprobes_kprobe {
	struct kprobe kp;
	kprobe_pre_handler_t pre;
	kprobe_post_handler_t post;
	kprobe_pre_handler_t pre_at_ftrace;
	bool redirects;
	void (*fault)(struct rprobes_kprobe *probe, struct pt_regs *regs, unsigned int trap, unsigned long address);
	struct hlist_node fault_link;
};

int rprobes_fault_link(struct rprobes_kprobe *probe);
void rprobes_fault_unlink(struct rprobes_kprobe *probe);

#endif /* _RPROBES_FAULT_H */
