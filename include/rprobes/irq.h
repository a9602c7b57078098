/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Keeping interrupts away: rust/helpers/irq.c
 */
#ifndef _RPROBES_IRQ_H
#define _RPROBES_IRQ_H

#include <linux/types.h>

bool rprobes_irq_by_hypervisor(void);
unsigned long rprobes_irq_save(void);
void rprobes_irq_restore(unsigned long flags);
void rprobes_cpu_relax(void);

#endif /* _RPROBES_IRQ_H */
