// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Work that a handler leaves to process context. A handler may run anywhere, so it raises an interrupt of its own
 * CPU first (irq_work), and that queues the work.
 */
#include <rprobes/later.h>

static void later_work(struct work_struct *work)
{
	struct rprobes_later *later = container_of(work, struct rprobes_later, work);

	later->run(later);
}

static void later_irq_work(struct irq_work *irq_work)
{
	struct rprobes_later *later = container_of(irq_work, struct rprobes_later, irq_work);

	schedule_work(&later->work);
}

void rprobes_later_init(struct rprobes_later *later, void (*run)(struct rprobes_later *later))
{
	init_irq_work(&later->irq_work, later_irq_work);
	INIT_WORK(&later->work, later_work);
	later->run = run;
}

/* Any context. What is queued already is done once. */
void rprobes_later_queue(struct rprobes_later *later)
{
	irq_work_queue(&later->irq_work);
}

/*
 * Waits for what is running. After this nobody queues it any more: the probe is unregistered, or the work is just about
 * to do that. It may be queued until then, so the work is waited for first, and again after what that left behind.
 */
void rprobes_later_cancel(struct rprobes_later *later)
{
	cancel_work_sync(&later->work);
	irq_work_sync(&later->irq_work);
	cancel_work_sync(&later->work);
}
