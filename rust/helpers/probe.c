// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The registered probes of this module. Each module is linked with its own copy of this, so each has its own list.
 */
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/rculist.h>
#include <linux/wait.h>

#include <rprobes/probe.h>

/* Who ends a probe. */
enum { BY_NOBODY, BY_OWNER, BY_DRAIN };

/*
 * A probe is in the list until it has ended: until its last handler has returned. The handler of a hook may sleep, and make
 * and drop probes, so none of these locks is held while a probe ends. Instead, whoever ends it marks it: its owner, or the
 * drain. Both do so with probes_lock held, and the drain leaves alone what its owner has marked, so one of them ends it. The
 * other waits until it is out of the list, and does not touch it before, or, if it is the drain, after that.
 */
static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);
/* Nothing comes into the list any more. */
static bool probes_closed;
/* How many have left the list, and who waits for one to do so. */
static unsigned long probes_ended;
static DECLARE_WAIT_QUEUE_HEAD(probes_waiting);
static DEFINE_MUTEX(register_lock);
static DEFINE_MUTEX(plant_lock);

/* Held while a probe is registered or armed, or disarmed as its handler has asked. Taken inside no other lock of this file. */
void rprobes_register_lock(void)
{
	mutex_lock(&register_lock);
}

void rprobes_register_unlock(void)
{
	mutex_unlock(&register_lock);
}

/* Held while a probe on functions, or at a tracepoint, is planted or taken away. Taken inside no other lock of this file but the one above. */
void rprobes_plant_lock(void)
{
	mutex_lock(&plant_lock);
}

void rprobes_plant_unlock(void)
{
	mutex_unlock(&plant_lock);
}

/* -ESHUTDOWN if the module is about to go. */
int rprobes_probe_link(struct rprobes_probe *probe)
{
	int ret = 0;

	mutex_lock(&probes_lock);
	probe->ended_by = BY_NOBODY;
	if (probes_closed)
		ret = -ESHUTDOWN;
	else
		list_add(&probe->link, &probes);
	mutex_unlock(&probes_lock);
	return ret;
}

static void leave(struct rprobes_probe *probe)
{
	list_del_init(&probe->link);
	probes_ended++;
	wake_up_all(&probes_waiting);
}

/*
 * By its owner, once or more often, before it ends a probe, and then unlinks it. If the drain has begun to end it, this waits
 * until it has: then nothing is left to be ended, and nobody else touches the probe.
 */
void rprobes_probe_mark(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	while (probe->ended_by == BY_DRAIN && !list_empty(&probe->link)) {
		unsigned long seen = probes_ended;

		mutex_unlock(&probes_lock);
		wait_event(probes_waiting, READ_ONCE(probes_ended) != seen);
		mutex_lock(&probes_lock);
	}
	probe->ended_by = BY_OWNER;
	mutex_unlock(&probes_lock);
}

/* By its owner, when it has ended. */
void rprobes_probe_unlink(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	if (!list_empty(&probe->link))
		leave(probe);
	mutex_unlock(&probes_lock);
}

/*
 * Empties the list: calls @end for each probe in it, or waits for its owner to end it. Nothing comes into it any more once this
 * has begun. So when it is empty, all handlers have returned: one that still ran would be that of a probe in the list.
 */
void rprobes_probe_drain(void (*end)(struct rprobes_probe *probe))
{
	struct rprobes_probe *probe;

	mutex_lock(&probes_lock);
	probes_closed = true;
	while ((probe = list_first_entry_or_null(&probes, struct rprobes_probe, link))) {
		unsigned long seen = probes_ended;
		bool is_owners = probe->ended_by == BY_OWNER;

		if (!is_owners)
			probe->ended_by = BY_DRAIN;
		mutex_unlock(&probes_lock);
		if (is_owners)
			wait_event(probes_waiting, READ_ONCE(probes_ended) != seen);
		else
			end(probe);
		mutex_lock(&probes_lock);
		if (!is_owners)
			leave(probe);
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
	pr_emerg("%s: a probe, an event, a trace instance, a stream, a file of a report, a timer or deferred work was dropped in atomic context, perhaps by its own handler\n", THIS_MODULE->name);
	BUG();
}
