// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The part of rprobes that only C can say: static inlines, macros, and statics that need a C initialiser. It is
 * linked into every module, so each module has a list of its own.
 */
#include <linux/kdebug.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/percpu.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/tracepoint.h>
#ifdef CONFIG_X86
#include <asm/trapnr.h>
#endif

#include <rprobes.h>

/* The registered probes of this module. */
static LIST_HEAD(probes);
static DEFINE_MUTEX(probes_lock);

const char *rprobes_module_name(void)
{
	return THIS_MODULE->name;
}

void rprobes_probe_link(struct rprobes_probe *probe)
{
	mutex_lock(&probes_lock);
	list_add(&probe->link, &probes);
	mutex_unlock(&probes_lock);
}

/* Returns whether the probe was in the list, so whether it is the caller's to unregister. Waits for a drain. */
bool rprobes_probe_unlink(struct rprobes_probe *probe)
{
	bool linked;

	mutex_lock(&probes_lock);
	linked = !list_empty(&probe->link);
	list_del_init(&probe->link);
	mutex_unlock(&probes_lock);
	return linked;
}

/* Unregisters all probes of the list. */
void rprobes_probe_drain(void (*unregister)(struct rprobes_probe *probe))
{
	struct rprobes_probe *probe, *next;

	mutex_lock(&probes_lock);
	list_for_each_entry_safe(probe, next, &probes, link) {
		list_del_init(&probe->link);
		unregister(probe);
	}
	mutex_unlock(&probes_lock);
}

/*
 * Disables a probe, also if the kernel can not disarm it. unregister_kprobe() takes a disabled probe out of its
 * tables whatever happens, while it leaves one in that it fails to disarm.
 */
void rprobes_kprobe_disable(struct kprobe *kp)
{
	int ret = disable_kprobe(kp);

	if (!ret)
		return;
	pr_err("%s: the kernel could not disarm the probe at %pS (%d); it is taken out all the same\n", THIS_MODULE->name,
	       kp->addr, ret);
	WRITE_ONCE(kp->flags, kp->flags | KPROBE_FLAG_DISABLED);
	/* No handler that saw the probe enabled is running after this. */
	synchronize_rcu();
}

/*
 * Whether there are other probes at the address of a registered probe, all of them without a post handler, and
 * called by ftrace. If one with a post handler joined them, the kernel would later disarm all of them by another
 * ftrace_ops than the one they were armed by. It fails, with a warning, and post handlers never work again.
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

/* Whether this is a place to sleep, as far as the kernel can tell. */
bool rprobes_may_sleep(void)
{
	return !in_atomic() && !irqs_disabled();
}

/* The probe's memory would be freed under its running handler: better to stop here. */
void rprobes_dropped_in_handler(void)
{
	pr_emerg("%s: a probe was dropped in atomic context, perhaps by its own handler\n", THIS_MODULE->name);
	BUG();
}

/*
 * Those who want to know of modules that come and go. Their callbacks run with watches_lock held, inside the
 * notifier; so the notifier itself is put in and taken out under a lock of its own.
 */
static LIST_HEAD(watches);
static DEFINE_MUTEX(watches_lock);
static unsigned int watchers;
static DEFINE_MUTEX(watchers_lock);

static int module_event(struct notifier_block *nb, unsigned long event, void *data)
{
	struct module *mod = data;
	struct rprobes_watch *watch;

	mutex_lock(&watches_lock);
	list_for_each_entry(watch, &watches, link)
		if (!strcmp(watch->module, mod->name))
			watch->event(watch, event != MODULE_STATE_GOING);
	mutex_unlock(&watches_lock);
	return NOTIFY_DONE;
}

/* After kprobes' own, which reads what may not be probed in a module that comes, and gives up probes in one that goes. */
static struct notifier_block module_notifier = { .notifier_call = module_event, .priority = -1 };

static void module_notifier_put(void)
{
	mutex_lock(&watchers_lock);
	if (!--watchers)
		unregister_module_notifier(&module_notifier);
	mutex_unlock(&watchers_lock);
}

/* Whether a module of that name is loaded; or is no module, but part of the kernel: -EEXIST. */
static int module_is_loaded(const char *name)
{
	struct kset *modules = THIS_MODULE->mkobj.kobj.kset;
	struct kobject *kobj;
	struct module *mod;
	int ret = -EEXIST;

	/* There is none without CONFIG_SYSFS. */
	if (!modules)
		return -EOPNOTSUPP;
	kobj = kset_find_obj(modules, name);
	if (!kobj)
		return 0;
	/* A module is not freed while somebody has its kobject. */
	mod = container_of(kobj, struct module_kobject, kobj)->mod;
	if (mod) {
		enum module_state state = READ_ONCE(mod->state);

		ret = state == MODULE_STATE_LIVE || state == MODULE_STATE_COMING;
	}
	kobject_put(kobj);
	return ret;
}

/* Calls @watch->event now if the module is loaded, and from now on whenever it comes or goes. */
int rprobes_watch_link(struct rprobes_watch *watch)
{
	int ret = 0;

	mutex_lock(&watchers_lock);
	if (!watchers)
		ret = register_module_notifier(&module_notifier);
	if (!ret)
		watchers++;
	mutex_unlock(&watchers_lock);
	if (ret)
		return ret;

	mutex_lock(&watches_lock);
	ret = module_is_loaded(watch->module);
	if (ret >= 0)
		list_add(&watch->link, &watches);
	if (ret > 0) {
		watch->event(watch, true);
		/* If it was just going away, what happened says nothing. When it comes back, that is announced. */
		if (module_is_loaded(watch->module) <= 0)
			watch->event(watch, false);
	}
	mutex_unlock(&watches_lock);
	if (ret < 0)
		module_notifier_put();
	return min(ret, 0);
}

/* Its callback is not called any more after this. */
void rprobes_watch_unlink(struct rprobes_watch *watch)
{
	bool linked;

	mutex_lock(&watches_lock);
	linked = !list_empty(&watch->link);
	list_del_init(&watch->link);
	mutex_unlock(&watches_lock);
	if (linked)
		module_notifier_put();
}

void rprobes_watch_drain(void)
{
	struct rprobes_watch *watch;

	for (;;) {
		mutex_lock(&watches_lock);
		watch = list_first_entry_or_null(&watches, struct rprobes_watch, link);
		if (watch)
			list_del_init(&watch->link);
		mutex_unlock(&watches_lock);
		if (!watch)
			return;
		module_notifier_put();
	}
}

#ifdef CONFIG_X86
/*
 * Traps of probed instructions. The kernel handles them as it always does; this only looks. A page fault is seen
 * by a tracepoint, others by the die notifier, both before the kernel has moved the instruction pointer from the
 * copy of the instruction back to the probe. Both are there only while a probe wants them.
 */
static HLIST_HEAD(fault_probes);
static DEFINE_MUTEX(fault_lock);
static struct tracepoint *page_fault_tracepoint;

static void fault_report(struct pt_regs *regs, unsigned int trap, unsigned long address)
{
	struct rprobes_probe *probe;

	if (user_mode(regs))
		return;
	rcu_read_lock();
	hlist_for_each_entry_rcu(probe, &fault_probes, fault_link) {
		unsigned long insn = (unsigned long)probe->rp.kp.ainsn.insn;

		if ((insn && regs->ip >= insn && regs->ip < insn + MAX_INSN_SIZE) ||
		    regs->ip == (unsigned long)probe->rp.kp.addr)
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

int rprobes_fault_link(struct rprobes_probe *probe)
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
void rprobes_fault_unlink(struct rprobes_probe *probe)
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
int rprobes_fault_link(struct rprobes_probe *probe)
{
	return 0;
}

void rprobes_fault_unlink(struct rprobes_probe *probe)
{
}
#endif

/* Words that each CPU has its own copy of, zero at first. */
u64 *rprobes_percpu_alloc(size_t count)
{
	return (u64 *)(unsigned long __force)__alloc_percpu(count * sizeof(u64), sizeof(u64));
}

void rprobes_percpu_free(u64 *words)
{
	free_percpu((u64 __percpu *)(unsigned long)words);
}

void rprobes_percpu_add(u64 *word, u64 n)
{
	this_cpu_add(*(u64 __percpu *)(unsigned long)word, n);
}
NOKPROBE_SYMBOL(rprobes_percpu_add);

u64 rprobes_percpu_sum(const u64 *word)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(*per_cpu_ptr((const u64 __percpu *)(unsigned long)word, cpu));
	return sum;
}

int rprobes_task_tgid(void)
{
	return task_tgid_nr(current);
}

void rprobes_task_comm(char comm[TASK_COMM_LEN])
{
	strscpy_pad(comm, current->comm, TASK_COMM_LEN);
}

unsigned int rprobes_cpu(void)
{
	return raw_smp_processor_id();
}

/* The stack as it is at a probe, without the handlers that look at it. */
unsigned int rprobes_stack(struct pt_regs *regs, unsigned long *addresses, unsigned int count)
{
	unsigned int found = stack_trace_save(addresses, count, 0), skip = 0;

	/* The first address of the probed context is the one that the registers have. */
	while (skip < found && addresses[skip] != instruction_pointer(regs))
		skip++;
	if (skip == found)
		return found;
	memmove(addresses, addresses + skip, (found - skip) * sizeof(*addresses));
	return found - skip;
}

void rprobes_cond_resched(void)
{
	cond_resched();
}

/*
 * Whether this place may print now. Its state holds a lock, which only C can make; so the first who comes here makes
 * it, and others at that very moment do not print.
 */
bool rprobes_ratelimit(struct rprobes_ratelimit *place, const char *name)
{
	if (atomic_read_acquire(&place->ready) != 2) {
		if (atomic_cmpxchg(&place->ready, 0, 1) != 0)
			return false;
		ratelimit_default_init(&place->state);
		atomic_set_release(&place->ready, 2);
	}
	return ___ratelimit(&place->state, name);
}

#ifdef CONFIG_TRACING
/* @args is a Rust fmt::Arguments. The entry names the function that this one was called from. */
noinline void rprobes_trace_printk(const void *args)
{
	__trace_printk(_RET_IP_, "%pA", args);
}
#else
void rprobes_trace_printk(const void *args)
{
}
#endif
