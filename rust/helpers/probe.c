// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The registered probes of this module. Each module is linked with its own copy of this, so each has its own list.
 */
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rculist.h>

#include <rprobes/probe.h>

static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);
static DEFINE_MUTEX(register_lock);
static DEFINE_MUTEX(plant_lock);

/* Held while a probe is registered or armed. Taken inside no other lock of this file but probes_lock. */
void rprobes_register_lock(void)
{
	mutex_lock(&register_lock);
}

void rprobes_register_unlock(void)
{
	mutex_unlock(&register_lock);
}

/* Held while a probe on functions, or at a tracepoint, is planted or taken away. Taken inside no other lock of this file but the two above. */
void rprobes_plant_lock(void)
{
	mutex_lock(&plant_lock);
}

void rprobes_plant_unlock(void)
{
	mutex_unlock(&plant_lock);
}

void rprobes_probe_link(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	list_add(&probe->link, &probes);
	mutex_unlock(&probes_lock);
}

/* Waits for a drain. */
void rprobes_probe_unlink(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	list_del_init(&probe->link);
	mutex_unlock(&probes_lock);
}

/* Empties the list and calls @drained for each probe that was in it. */
void rprobes_probe_drain(void (*drained)(struct rprobes_probe *probe))
{
	struct rprobes_probe *probe, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(probe, next, &probes, link) {
		list_del_init(&probe->link);
		drained(probe);
	}
	mutex_unlock(&probes_lock);
}

/* Waits for those that are running, on whatever CPU: each has preemption off, or interrupts. */
void rprobes_wait_for_handlers(void)
{
	synchronize_rcu();
}

/*
 * Disables a probe even if the kernel cannot disarm it. unregister_kprobe() always takes a disabled probe out of its
 * tables, while it leaves in one that it fails to disarm.
 */
void rprobes_kprobe_disable(struct kprobe *kp)
{
	int ret = disable_kprobe(kp);

	if (!ret)
		return;
	pr_err("%s: the kernel could not disarm the probe at %pS (%d); it is removed nonetheless\n", THIS_MODULE->name,
	       kp->addr, ret);
	/*
	 * The kernel writes the flags under a mutex of its own. Nobody arms the probe meanwhile, see Core::end(), and if
	 * its module goes at this moment, unregister_kprobe() finds it gone all the same.
	 */
	WRITE_ONCE(kp->flags, kp->flags | KPROBE_FLAG_DISABLED);
	/* No handler that saw the probe enabled is running after this. */
	synchronize_rcu();
}

/*
 * Whether ftrace calls a registered probe together with others, none of which has a post handler. If one with a post
 * handler joined them, the kernel would later disarm all of them through another ftrace_ops than the one that armed
 * them: that fails with a warning, and post handlers never work there again.
 */
bool rprobes_kprobe_has_company_without_post(struct kprobe *kp)
{
	struct kprobe *other;
	bool has_post = false;

	if (!(kp->flags & KPROBE_FLAG_FTRACE) || list_empty(&kp->list))
		return false;
	rcu_read_lock();
	/* The head of the list is in a struct kprobe, too. */
	list_for_each_entry_rcu(other, &kp->list, list)
		has_post |= !!READ_ONCE(other->post_handler);
	rcu_read_unlock();
	return !has_post;
}

/*
 * Whether code may sleep here, as far as the kernel can tell: without CONFIG_PREEMPT_COUNT it does not know that
 * preemption is off. Handlers count that themselves, or have interrupts off.
 */
bool rprobes_may_sleep(void)
{
	return !in_atomic() && !irqs_disabled();
}

/* The probe's memory would be freed under its running handler: better to stop here. */
void rprobes_dropped_in_handler(void)
{
	pr_emerg("%s: a probe, an event, a trace instance, a timer or deferred work was dropped in atomic context, perhaps by its own handler\n", THIS_MODULE->name);
	BUG();
}
