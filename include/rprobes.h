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
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>
#include <linux/types.h>

#ifndef CONFIG_KPROBES
#error "this kernel is built without CONFIG_KPROBES"
#endif

/* bindgen can not evaluate a macro with sizeof in it. */
enum { RPROBES_KSYM_SYMBOL_LEN = KSYM_SYMBOL_LEN };

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
};

/**
 * struct rprobes_probe - one registered probe; its handler follows it in memory
 * @rp: the kernel's part; first, so that its &struct kprobe is also the &struct rprobes_probe. A probe that is not
 *	a return probe uses only @rp.kp.
 * @link: in the list of this module's registered probes
 * @is_return: registered with register_kretprobe()
 * @fault: called when the probed instruction traps while it is executed out of line; NULL if nobody wants to know
 * @fault_link: in the list of probes with a @fault
 */
struct rprobes_probe {
	struct kretprobe rp;
	struct list_head link;
	bool is_return;
	void (*fault)(struct rprobes_probe *probe, struct pt_regs *regs, unsigned int trap, unsigned long address);
	struct hlist_node fault_link;
};

/**
 * struct rprobes_watch - somebody who wants to know of a module that comes and goes
 * @link: in the list of this module's watches
 * @module: the name of the module
 * @event: called in process context when it is there, perhaps more than once, and when it goes
 */
struct rprobes_watch {
	struct list_head link;
	const char *module;
	void (*event)(struct rprobes_watch *watch, bool there);
};

/**
 * struct rprobes_ratelimit - a place in the code that prints; zero at first
 * @state: what the kernel needs to limit it
 * @ready: 0 at first, 1 while somebody makes @state, 2 when it is made
 */
struct rprobes_ratelimit {
	struct ratelimit_state state;
	atomic_t ready;
};

const char *rprobes_module_name(void);
void rprobes_probe_link(struct rprobes_probe *probe);
bool rprobes_probe_unlink(struct rprobes_probe *probe);
void rprobes_probe_drain(void (*unregister)(struct rprobes_probe *probe));
int rprobes_watch_link(struct rprobes_watch *watch);
void rprobes_watch_unlink(struct rprobes_watch *watch);
void rprobes_watch_drain(void);
int rprobes_fault_link(struct rprobes_probe *probe);
void rprobes_fault_unlink(struct rprobes_probe *probe);
void rprobes_kprobe_disable(struct kprobe *kp);
bool rprobes_kprobe_has_company_without_post(struct kprobe *kp);
bool rprobes_may_sleep(void);
void rprobes_dropped_in_handler(void);
u64 *rprobes_percpu_alloc(size_t count);
void rprobes_percpu_free(u64 *words);
void rprobes_percpu_add(u64 *word, u64 n);
u64 rprobes_percpu_sum(const u64 *word);
int rprobes_task_tgid(void);
void rprobes_task_comm(char comm[TASK_COMM_LEN]);
unsigned int rprobes_cpu(void);
unsigned int rprobes_stack(struct pt_regs *regs, unsigned long *addresses, unsigned int count);
void rprobes_cond_resched(void);
bool rprobes_ratelimit(struct rprobes_ratelimit *place, const char *name);
void rprobes_trace_printk(const void *args);

#endif /* _RPROBES_H */
