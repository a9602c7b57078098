// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Traps of probed instructions. The kernel handles them as it always does; this only observes. Page faults are seen
 * by a tracepoint, others by the die notifier, both before the kernel has moved the instruction pointer from the
 * copy of the instruction back to the probe. Both are registered only while a probe wants them.
 */
#include <linux/kdebug.h>
#include <linux/kprobes.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/ptrace.h>
#include <linux/rculist.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#ifdef CONFIG_X86
#include <asm/trapnr.h>
#endif

#include <rprobes/fault.h>

#ifdef CONFIG_X86
static HLIST_HEAD(fault_probes);
static DEFINE_MUTEX(fault_lock);
static struct tracepoint *page_fault_tracepoint;

static void fault_report(struct pt_regs *regs, unsigned int trap, unsigned long address)
{
	struct rprobes_kprobe *probe;

	if (user_mode(regs))
		return;
	rcu_read_lock();
	hlist_for_each_entry_rcu(probe, &fault_probes, fault_link) {
		unsigned long insn = (unsigned long)probe->kp.ainsn.insn;

		/* Not armed yet, or not any more; or its module is gone. */
		if (kprobe_disabled(&probe->kp))
			continue;
		if ((insn && regs->ip >= insn && regs->ip < insn + MAX_INSN_SIZE) ||
		    regs->ip == (unsigned long)probe->kp.addr)
			probe->fault(probe, regs, trap, address);
	}
	rcu_read_unlock();
}
NOKPROBE_SYMBOL(fault_report);

static int fault_die(struct notifier_block *nb, unsigned long event, void *data)
{
	struct die_args *args = data;

	if (event == DIE_TRAP || event == DIE_GPF)
		fault_report(args->regs, args->trapnr, 0);
	return NOTIFY_DONE;
}
NOKPROBE_SYMBOL(fault_die);

static struct notifier_block fault_die_notifier = { .notifier_call = fault_die };

static void fault_page(void *data, unsigned long address, struct pt_regs *regs, unsigned long error_code)
{
	fault_report(regs, X86_TRAP_PF, address);
}
NOKPROBE_SYMBOL(fault_page);

static void fault_find_tracepoint(struct tracepoint *tp, void *data)
{
	if (!strcmp(tp->name, "page_fault_kernel"))
		page_fault_tracepoint = tp;
}

static int fault_watch(void)
{
	int ret;

	if (!page_fault_tracepoint)
		for_each_kernel_tracepoint(fault_find_tracepoint, NULL);
	if (!page_fault_tracepoint)
		return -EOPNOTSUPP;
	ret = tracepoint_probe_register(page_fault_tracepoint, fault_page, NULL);
	if (ret)
		return ret;
	ret = register_die_notifier(&fault_die_notifier);
	if (ret) {
		tracepoint_probe_unregister(page_fault_tracepoint, fault_page, NULL);
		tracepoint_synchronize_unregister();
	}
	return ret;
}

int rprobes_fault_link(struct rprobes_kprobe *probe)
{
	int ret = 0;

	mutex_lock(&fault_lock);
	if (hlist_empty(&fault_probes))
		ret = fault_watch();
	if (!ret)
		hlist_add_head_rcu(&probe->fault_link, &fault_probes);
	mutex_unlock(&fault_lock);
	return ret;
}

/* The caller waits for RCU readers before it frees the probe: unregistering it does. */
void rprobes_fault_unlink(struct rprobes_kprobe *probe)
{
	mutex_lock(&fault_lock);
	if (!hlist_unhashed(&probe->fault_link)) {
		hlist_del_init_rcu(&probe->fault_link);
		if (hlist_empty(&fault_probes)) {
			unregister_die_notifier(&fault_die_notifier);
			tracepoint_probe_unregister(page_fault_tracepoint, fault_page, NULL);
			tracepoint_synchronize_unregister();
		}
	}
	mutex_unlock(&fault_lock);
}
#else
int rprobes_fault_link(struct rprobes_kprobe *probe)
{
	return 0;
}

void rprobes_fault_unlink(struct rprobes_kprobe *probe)
{
}
#endif
