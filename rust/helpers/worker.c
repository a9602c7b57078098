// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Functions of the module that run in process context. Each module is linked with its own copy of this, so each has
 * its own list, and a workqueue of its own, which is waited for when the module goes.
 */
#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include <rprobes/worker.h>

static LIST_HEAD(workers);
static DEFINE_MUTEX(workers_lock);
/* Made for the first worker, and destroyed with the module. */
static struct workqueue_struct *queue;
/* Nothing begins to run any more. */
static bool stopped;

/*
 * A timer is armed by what runs, or before anything has run, and by nobody else: so it is not armed any more once
 * nothing runs that has not seen @period at 0.
 */
static void worker_work(struct work_struct *work)
{
	struct rprobes_worker *worker = container_of(work, struct rprobes_worker, work);
	u64 period;
	s64 late;

	if (!rprobes_worker_goes_on(worker))
		return;
	WRITE_ONCE(worker->runner, current);
	worker->run(worker);
	WRITE_ONCE(worker->runner, NULL);

	period = READ_ONCE(worker->period);
	if (!period || !rprobes_worker_goes_on(worker))
		return;
	/* Times that were missed are not made up for. */
	late = max(ktime_to_ns(ktime_sub(ktime_get(), worker->due)), 0LL);
	worker->due = ktime_add_ns(worker->due, (div64_u64(late, period) + 1) * period);
	hrtimer_start(&worker->timer, worker->due, HRTIMER_MODE_ABS);
}

static void worker_irq_work(struct irq_work *irq_work)
{
	struct rprobes_worker *worker = container_of(irq_work, struct rprobes_worker, irq_work);

	queue_work(queue, &worker->work);
}

static enum hrtimer_restart worker_timer(struct hrtimer *timer)
{
	struct rprobes_worker *worker = container_of(timer, struct rprobes_worker, timer);

	queue_work(queue, &worker->work);
	return HRTIMER_NORESTART;
}

static void worker_init(struct rprobes_worker *worker, void (*run)(struct rprobes_worker *worker))
{
	INIT_WORK(&worker->work, worker_work);
#ifdef CONFIG_LOCKDEP
	lockdep_register_key(&worker->key);
	lockdep_init_map(&worker->work.lockdep_map, "rprobes_worker", &worker->key, 0);
#endif
	init_irq_work(&worker->irq_work, worker_irq_work);
#ifdef RPROBES_HRTIMER_SETUP
	hrtimer_setup(&worker->timer, worker_timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
#else
	hrtimer_init(&worker->timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	worker->timer.function = worker_timer;
#endif
	worker->period = 0;
	worker->runner = NULL;
	worker->ended = false;
	worker->run = run;
}

/* -ESHUTDOWN if the module is about to go. */
int rprobes_worker_link(struct rprobes_worker *worker, void (*run)(struct rprobes_worker *worker))
{
	int ret = 0;

	mutex_lock(&workers_lock);
	if (stopped) {
		ret = -ESHUTDOWN;
		goto out;
	}
	if (!queue)
		queue = alloc_workqueue("%s", WQ_UNBOUND, 0, THIS_MODULE->name);
	if (!queue) {
		ret = -ENOMEM;
		goto out;
	}
	worker_init(worker, run);
	list_add(&worker->link, &workers);
out:
	mutex_unlock(&workers_lock);
	return ret;
}

/* Has it run once more. Any context. */
void rprobes_worker_queue(struct rprobes_worker *worker)
{
	irq_work_queue(&worker->irq_work);
}

/* Has it run @after so many nanoseconds, and from then on every @period, unless that is 0. Once, before it has run. */
void rprobes_worker_start(struct rprobes_worker *worker, u64 after, u64 period)
{
	/* For ever; what is added to the time must not be more than it holds. */
	worker->period = min_t(u64, period, KTIME_MAX / 2);
	worker->due = ktime_add_ns(ktime_get(), min_t(u64, after, KTIME_MAX / 2));
	hrtimer_start(&worker->timer, worker->due, HRTIMER_MODE_ABS);
}

/* Whether there may be more of what runs. Gives others the CPU, if it is their turn. Process context. */
bool rprobes_worker_goes_on(struct rprobes_worker *worker)
{
	cond_resched();
	return !READ_ONCE(stopped) && !READ_ONCE(worker->ended);
}

/* Whether it is what runs here that calls this; then it comes to its end, and does not begin again. */
bool rprobes_worker_end_inside(struct rprobes_worker *worker)
{
	if (READ_ONCE(worker->runner) != current)
		return false;
	WRITE_ONCE(worker->ended, true);
	return true;
}

/*
 * It does not run any more after this. Nobody asks for it any more; but it may be on its way, and what runs may arm the
 * timer. So what runs is waited for first: what begins after that arms no timer. Then the ways to the queue are
 * cleared, and what they have left behind.
 */
static void worker_cancel(struct rprobes_worker *worker)
{
	WRITE_ONCE(worker->period, 0);
	cancel_work_sync(&worker->work);
	hrtimer_cancel(&worker->timer);
	irq_work_sync(&worker->irq_work);
	cancel_work_sync(&worker->work);
#ifdef CONFIG_LOCKDEP
	lockdep_unregister_key(&worker->key);
#endif
}

/* It does not run any more after this; returns whether the drain has not seen to that already. */
bool rprobes_worker_unlink(struct rprobes_worker *worker)
{
	bool linked;

	mutex_lock(&workers_lock);
	linked = !list_empty(&worker->link);
	list_del_init(&worker->link);
	mutex_unlock(&workers_lock);
	if (linked)
		worker_cancel(worker);
	return linked;
}

/*
 * Nothing runs any more after this. What runs may wait for the lock, and for other workers, so it is waited for without
 * the lock; what is queued meanwhile finds that it must not begin.
 */
void rprobes_workers_stop(void)
{
	struct workqueue_struct *flushed;

	mutex_lock(&workers_lock);
	WRITE_ONCE(stopped, true);
	flushed = queue;
	mutex_unlock(&workers_lock);
	if (flushed)
		flush_workqueue(flushed);
}

/*
 * Empties the list, and calls @drained for each worker in it that has an owner. After rprobes_workers_stop(), so nothing
 * that is waited for takes the lock.
 */
void rprobes_workers_drain(void (*drained)(struct rprobes_worker *worker))
{
	struct rprobes_worker *worker, *next;

	mutex_lock(&workers_lock);
	list_for_each_entry_safe(worker, next, &workers, link) {
		list_del_init(&worker->link);
		worker_cancel(worker);
		if (!worker->ended)
			drained(worker);
	}
	if (queue)
		destroy_workqueue(queue);
	queue = NULL;
	mutex_unlock(&workers_lock);
}
