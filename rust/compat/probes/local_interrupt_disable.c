// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 7.x: interrupts that are disabled so and so often, for SpinLockIrq
#include <linux/spinlock.h>
void probe(spinlock_t *lock);
void probe(spinlock_t *lock)
{
	local_interrupt_disable();
	local_interrupt_enable();
	spin_lock_irq_disable(lock);
}
