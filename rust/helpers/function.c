// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Probes on functions, as ftrace calls them. What differs between kernels is here.
 */
#include <linux/delay.h>
#include <linux/fprobe.h>
#include <linux/ftrace.h>
#include <linux/kobject.h>
#include <linux/kprobes.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <rprobes/function.h>
#include <rprobes/kallsyms.h>

static void store_address(void *data, unsigned long address)
{
	*(unsigned long *)data = address;
}

/*
 * Whether function tracing is switched off, by sysctl kernel.ftrace_enabled. What is registered then is not called, and the
 * kernel is confused when it goes: that is better known before. Process context.
 */
bool rprobes_ftrace_is_off(void)
{
	unsigned long address = 0;
	int enabled = 1;

	/* Not exported. */
	if (rprobes_kallsyms_find("ftrace_enabled", NULL, store_address, &address) || !address)
		return false;
	if (copy_from_kernel_nofault(&enabled, (void *)address, sizeof(enabled)))
		return false;
	return !enabled;
}

static int compare(const void *a, const void *b)
{
	unsigned long left = *(const unsigned long *)a, right = *(const unsigned long *)b;

	return left < right ? -1 : left > right;
}

void rprobes_sort(unsigned long *addresses, size_t count)
{
	sort(addresses, count, sizeof(*addresses), compare, NULL);
}

#ifdef RPROBES_FTRACE

void rprobes_ftrace_takes(unsigned long *functions, bool *takes, size_t count)
{
	/*
	 * Never registered: its filter is where ftrace says whether it knows a function. It is used once, as older kernels
	 * leave in there what they free.
	 */
	struct ftrace_ops question = {};
	size_t i, end, n;

	/* Many at once, as that is how it is fast, and one by one where there is one among them that it does not know. */
	for (i = 0; i < count; i += n) {
		n = min_t(size_t, count - i, 128);
		if (!ftrace_set_filter_ips(&question, functions + i, n, 0, 1)) {
			memset(takes + i, true, n);
			continue;
		}
		for (end = i + n; i < end; i++)
			takes[i] = !ftrace_set_filter_ip(&question, functions[i], 0, 1);
		n = 0;
		cond_resched();
	}
	ftrace_free_filter(&question);
}

/*
 * Permanent: nobody switches ftrace off while a probe is there, and where it is off, that is said. Otherwise the probe
 * would be there and see nothing.
 */
#define OPS_FLAGS (FTRACE_OPS_FL_SAVE_ARGS | FTRACE_OPS_FL_PERMANENT)
#ifndef FTRACE_OPS_FL_SAVE_ARGS
#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define FTRACE_OPS_FL_SAVE_ARGS 0
#else
#define FTRACE_OPS_FL_SAVE_ARGS FTRACE_OPS_FL_SAVE_REGS
#endif
#endif

int rprobes_ops_prepare(struct rprobes_function *function, const void *callback, unsigned long *functions, size_t count)
{
	memset(&function->ops, 0, sizeof(function->ops));
	function->ops.func = (ftrace_func_t)callback;
	function->ops.flags = OPS_FLAGS;
	return ftrace_set_filter_ips(&function->ops, functions, count, 0, 1);
}

int rprobes_ops_register(struct rprobes_function *function)
{
	return register_ftrace_function(&function->ops);
}

/*
 * When ftrace has failed, it changes no code any more, and functions call this module for ever. Better that whoever wants
 * to get rid of it waits as long.
 */
static void must_be_gone(int err)
{
	if (!err)
		return;
	pr_emerg("%s: ftrace has failed (%d) and calls this module still: it cannot go any more\n", THIS_MODULE->name, err);
	for (;;)
		msleep(MSEC_PER_SEC);
}

/* Returns when no callback is running any more: ftrace waits, as the ops are not the kernel's own memory. */
void rprobes_ops_unregister(struct rprobes_function *function)
{
	must_be_gone(unregister_ftrace_function(&function->ops));
}

void rprobes_ops_free(struct rprobes_function *function)
{
	ftrace_free_filter(&function->ops);
}

/* A function has been entered, or has @returned: the kernel leaves out some registers then. */
struct pt_regs *rprobes_ftrace_regs(void *fregs, struct pt_regs *regs, bool returned)
{
#if defined(CONFIG_X86) || !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
	/* They begin with what they have of a &struct pt_regs. */
	return fregs;
#elif defined(CONFIG_ARM64)
	/* Linux 6.13 put another structure inside. */
#ifdef arch_ftrace_regs
	struct __arch_ftrace_regs *from = fregs;
#else
	struct ftrace_regs *from = fregs;
#endif

	memset(regs, 0, sizeof(*regs));
	memcpy(regs->regs, from->regs, sizeof(from->regs));
	regs->regs[29] = from->fp;
	regs->regs[30] = from->lr;
	regs->sp = from->sp;
	regs->pc = from->pc;
	if (returned) {
		regs->regs[8] = 0;
		regs->regs[30] = from->pc;
		regs->sp = (unsigned long)(from + 1);
	}
	regs->pstate = PSR_MODE_EL1h;
	return regs;
#else
#error "where are the registers in a struct ftrace_regs of this architecture?"
#endif
}
NOKPROBE_SYMBOL(rprobes_ftrace_regs);

#else /* !RPROBES_FTRACE */

void rprobes_ftrace_takes(unsigned long *functions, bool *takes, size_t count)
{
	memset(takes, 0, count);
}

int rprobes_ops_prepare(struct rprobes_function *function, const void *callback, unsigned long *functions, size_t count)
{
	return -EOPNOTSUPP;
}

int rprobes_ops_register(struct rprobes_function *function)
{
	return -EOPNOTSUPP;
}

void rprobes_ops_unregister(struct rprobes_function *function)
{
}

void rprobes_ops_free(struct rprobes_function *function)
{
}

struct pt_regs *rprobes_ftrace_regs(void *fregs, struct pt_regs *regs, bool returned)
{
	return fregs;
}

#endif /* RPROBES_FTRACE */

#if defined(RPROBES_FTRACE) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)

/* A trampoline goes on where its return address says, so a livepatch may change that. Older callbacks lack the address. */
static int agree(struct ftrace_ops *ops, enum ftrace_ops_cmd cmd)
{
	return 0;
}

static int agree_at(struct ftrace_ops *ops, unsigned long address, enum ftrace_ops_cmd cmd)
{
	return 0;
}

#define AGREE __builtin_choose_expr(__same_type(agree, *(ftrace_ops_func_t)NULL), agree, agree_at)

/* Before Linux 6.4 register_ftrace_direct() does without ops; this one does not. */
#ifdef RPROBES_DIRECT_MULTI
#define register_direct(ops, address) register_ftrace_direct_multi(ops, address)
#define unregister_direct(ops, address) unregister_ftrace_direct_multi(ops, address)
#else
#define register_direct(ops, address) register_ftrace_direct(ops, address)
#define unregister_direct(ops, address) unregister_ftrace_direct(ops, address, false)
#endif

int rprobes_direct_prepare(struct rprobes_function *function, unsigned long trampoline, unsigned long address)
{
	memset(&function->ops, 0, sizeof(function->ops));
	function->ops.flags = FTRACE_OPS_FL_PERMANENT;
	function->ops.ops_func = AGREE;
	function->direct = trampoline;
	return ftrace_set_filter_ip(&function->ops, address, 0, 1);
}

int rprobes_direct_register(struct rprobes_function *function)
{
	int ret = register_direct(&function->ops, function->direct);

	/* Older kernels have replaced the flags. */
	if (!ret)
		function->ops.flags |= FTRACE_OPS_FL_PERMANENT;
	return ret;
}

/* Returns when nobody is on the way through the trampoline any more, except those that are inside the function. */
void rprobes_direct_unregister(struct rprobes_function *function)
{
	must_be_gone(unregister_direct(&function->ops, function->direct));
	synchronize_rcu_tasks();
}

#else

int rprobes_direct_prepare(struct rprobes_function *function, unsigned long trampoline, unsigned long address)
{
	return -EOPNOTSUPP;
}

int rprobes_direct_register(struct rprobes_function *function)
{
	return -EOPNOTSUPP;
}

void rprobes_direct_unregister(struct rprobes_function *function)
{
}

#endif

#ifdef RPROBES_FPROBE

int rprobes_fprobe_register(struct rprobes_function *function, const void *entry, const void *exit, size_t data_size,
			    int maxactive, unsigned long *functions, size_t count)
{
	struct fprobe *fprobe = &function->fprobe;

	memset(fprobe, 0, sizeof(*fprobe));
	fprobe->entry_handler = (typeof(fprobe->entry_handler))entry;
	fprobe->exit_handler = (typeof(fprobe->exit_handler))exit;
	fprobe->entry_data_size = data_size;
#ifndef MAX_FPROBE_DATA_SIZE
	fprobe->nr_maxactive = maxactive;
#endif
	return register_fprobe_ips(fprobe, functions, count);
}

/*
 * Returns when no handler is running any more, for which some kernels do not wait, and how many calls were missed since it was registered. Calls that were followed
 * return without it.
 */
unsigned long rprobes_fprobe_unregister(struct rprobes_function *function)
{
	unsigned long missed;

	must_be_gone(unregister_fprobe(&function->fprobe));
#if defined(MAX_FPROBE_DATA_SIZE) && !defined(RPROBES_FPROBE_WAITS)
	synchronize_rcu();
#endif
	missed = function->fprobe.nmissed;
	function->fprobe.nmissed = 0;
	return missed;
}

unsigned long rprobes_fprobe_missed(const struct rprobes_function *function)
{
	return READ_ONCE(function->fprobe.nmissed);
}

#else

int rprobes_fprobe_register(struct rprobes_function *function, const void *entry, const void *exit, size_t data_size,
			    int maxactive, unsigned long *functions, size_t count)
{
	return -EOPNOTSUPP;
}

unsigned long rprobes_fprobe_unregister(struct rprobes_function *function)
{
	return 0;
}

unsigned long rprobes_fprobe_missed(const struct rprobes_function *function)
{
	return 0;
}

#endif

/*
 * Keeps a module from being unloaded; *@module is NULL if it is this one. One that is being loaded may yet fail, and is
 * freed then whoever keeps it. @function, if it is known, must not be of those that are freed after that. Process context.
 */
int rprobes_module_get(const char *name, unsigned long function, void **module)
{
	struct kset *modules = THIS_MODULE->mkobj.kobj.kset;
	struct kobject *kobj;
	struct module *mod;
	int ret = 0;

	kobj = modules ? kset_find_obj(modules, name) : NULL;
	if (!kobj)
		return -ENOENT;
	/* A module is not freed while somebody has its kobject. */
	mod = container_of(kobj, struct module_kobject, kobj)->mod;
	*module = mod == THIS_MODULE ? NULL : mod;
	if (!mod || within_module_init(function, mod))
		ret = -ENOENT;
	else if (*module && (READ_ONCE(mod->state) != MODULE_STATE_LIVE || !try_module_get(mod)))
		ret = -ENOENT;
	kobject_put(kobj);
	return ret;
}

void rprobes_module_put(void *module)
{
	module_put(module);
}
