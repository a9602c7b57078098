/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Work that a handler leaves to process context: rust/helpers/later.c
 */
#ifndef _RPROBES_LATER_H
#define _RPROBES_LATER_H

#include <linux/irq_work.h>
#include <linux/workqueue.h>

/**
 * struct rprobes_later - something to be done in process context at the request of a handler
 * @irq_work: the way out of the handler, which may be anywhere, in an NMI even
 * @work: the way from there to process context
 * @run: what is to be done
 */
struct rprobes_later {
	struct irq_work irq_work;
	struct work_struct work;
	void (*run)(struct rprobes_later *later);
};

void rprobes_later_init(struct rprobes_later *later, void (*run)(struct rprobes_later *later));
void rprobes_later_queue(struct rprobes_later *later);
void rprobes_later_cancel(struct rprobes_later *later);

#endif /* _RPROBES_LATER_H */
