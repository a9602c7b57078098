// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The part of rprobes that only C can say: static inlines, macros, and statics that need a C initialiser. It is
 * linked into every module, so each module has a list of its own.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include <rprobes.h>

/* The registered probes of this module. */
static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

const char *rprobes_module_name(void)
{
	return THIS_MODULE->name;
}

void rprobes_probe_link(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	list_add(&probe->link, &probes);
	mutex_unlock(&probes_lock);
}

void rprobes_probe_unlink(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	list_del(&probe->link);
	mutex_unlock(&probes_lock);
}

/* Takes the latest probe off the list; NULL if there is none. */
struct rprobes_probe *rprobes_probe_unlink_first(void)
{
	struct rprobes_probe *probe;

	mutex_lock(&probes_lock);
	probe = list_first_entry_or_null(&probes, struct rprobes_probe, link);
	if (probe)
		list_del(&probe->link);
	mutex_unlock(&probes_lock);
	return probe;
}

/*
 * For a probe that unregister_kprobe() could not take out of the kernel's tables: makes sure that nothing of
 * this module is called through it any more, now or after the module is gone. The probe itself must stay
 * allocated for ever.
 */
void rprobes_probe_silence(struct rprobes_probe *probe)
{
	struct kprobe *kp = &probe->rp.kp;

	WRITE_ONCE(kp->flags, kp->flags | KPROBE_FLAG_DISABLED);
	/* No handler that saw the probe enabled is running after this. */
	synchronize_rcu();
	kp->pre_handler = NULL;
	kp->post_handler = NULL;
	probe->rp.entry_handler = NULL;
	probe->rp.handler = NULL;
}

void rprobes_cond_resched(void)
{
	cond_resched();
}

#ifdef CONFIG_TRACING
/* @args is a Rust fmt::Arguments. The entry names the function that this one was called from. */
noinline void rprobes_trace_printk(const void *args)
{
	__trace_printk(_RET_IP_, "%pA", args);
}
#else
void rprobes_trace_printk(const void *args)
{
}
#endif
