/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Functions of the module that run in process context, when they are asked to or at a time: rust/helpers/worker.c
 */
#ifndef _RPROBES_WORKER_H
#define _RPROBES_WORKER_H

#include <linux/hrtimer.h>
#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct task_struct;

/**
 * struct rprobes_worker - something that runs in process context, never twice at a time
 * @link: in the list of this module's workers
 * @work: what is queued
 * @irq_work: the way there from anywhere, from an NMI even
 * @timer: the way there at a time
 * @key: what lockdep knows the work by, as one may wait for another
 * @due: when the timer expires, or has expired last
 * @period: after how many nanoseconds it does so again; 0 for never
 * @runner: the task that runs it
 * @ended: whether its owner has gone, though it could not wait for it
 * @run: what is to be done
 */
struct rprobes_worker {
	struct list_head link;
	struct work_struct work;
	struct irq_work irq_work;
	struct hrtimer timer;
	struct lock_class_key key;
	ktime_t due;
	u64 period;
	struct task_struct *runner;
	bool ended;
	void (*run)(struct rprobes_worker *worker);
};

int rprobes_worker_link(struct rprobes_worker *worker, void (*run)(struct rprobes_worker *worker));
void rprobes_worker_queue(struct rprobes_worker *worker);
void rprobes_worker_start(struct rprobes_worker *worker, u64 after, u64 period);
bool rprobes_worker_goes_on(struct rprobes_worker *worker);
bool rprobes_worker_end_inside(struct rprobes_worker *worker);
bool rprobes_worker_unlink(struct rprobes_worker *worker);
void rprobes_workers_stop(void);
void rprobes_workers_drain(void (*drained)(struct rprobes_worker *worker));

#endif /* _RPROBES_WORKER_H */
