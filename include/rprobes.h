/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * What the rprobes crate needs of the C side, and all that bindgen reads: the kernel's probe types, which are
 * not among the bindings of the kernel crate, and the helpers in rust/helpers.c.
 */
#ifndef _RPROBES_H
#define _RPROBES_H

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/list.h>

#ifndef CONFIG_KPROBES
#error "this kernel is built without CONFIG_KPROBES"
#endif

/* bindgen can not evaluate a macro with sizeof in it. */
enum { RPROBES_KSYM_SYMBOL_LEN = KSYM_SYMBOL_LEN };

/**
 * struct rprobes_probe - one registered probe, in memory of its own
 * @kp: the kernel's part; first, so that a &struct kprobe is a &struct rprobes_probe
 * @handler: the Rust handler, valid while the probe is registered
 * @link: in the list of this module's registered probes
 */
struct rprobes_probe {
	struct kprobe kp;
	const void *handler;
	struct list_head link;
};

const char *rprobes_module_name(void);
void rprobes_probe_link(struct rprobes_probe *probe);
void rprobes_probe_unlink(struct rprobes_probe *probe);
struct rprobes_probe *rprobes_probe_unlink_first(void);
void rprobes_kprobe_silence(struct kprobe *kp);
void rprobes_cond_resched(void);
void rprobes_trace_printk(const void *args);

#endif /* _RPROBES_H */
