// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Keeping interrupts away from this CPU for a few instructions.
 */
#include <linux/cpufeature.h>
#include <linux/irqflags.h>
#include <linux/kprobes.h>
#include <linux/processor.h>

#include <rprobes/irq.h>

/* Whether the instructions for that do nothing good here: x86, as a guest of Xen that knows so. */
bool rprobes_irq_by_hypervisor(void)
{
#ifdef CONFIG_PARAVIRT_XXL
	return cpu_feature_enabled(X86_FEATURE_XENPV);
#else
	return false;
#endif
}

/* Not the raw ones: whoever takes a lock meanwhile is to find that lockdep knows. */
unsigned long rprobes_irq_save(void)
{
	unsigned long flags;

	local_irq_save(flags);
	return flags;
}
NOKPROBE_SYMBOL(rprobes_irq_save);

void rprobes_irq_restore(unsigned long flags)
{
	local_irq_restore(flags);
}
NOKPROBE_SYMBOL(rprobes_irq_restore);

void rprobes_cpu_relax(void)
{
	cpu_relax();
}
NOKPROBE_SYMBOL(rprobes_cpu_relax);
