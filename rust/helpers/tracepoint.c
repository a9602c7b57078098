// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Tracepoints. All of this is called in process context.
 */
#include <linux/module.h>
#include <linux/tracepoint.h>

#include <rprobes/tracepoint.h>

#ifdef CONFIG_TRACEPOINTS

struct visitor {
	rprobes_tracepoint_visit_t visit;
	void *data;
};

static void visit_one(struct tracepoint *tp, void *data)
{
	struct visitor *visitor = data;

	visitor->visit(visitor->data, tp->name, tp);
}

/* Calls @visit for each tracepoint of the kernel itself. */
void rprobes_tracepoint_each(rprobes_tracepoint_visit_t visit, void *data)
{
	struct visitor visitor = { visit, data };

	for_each_kernel_tracepoint(visit_one, &visitor);
}

/* Calls @visit for each tracepoint of a module, which the caller keeps; NULL is this module. */
void rprobes_tracepoint_each_of(void *module, rprobes_tracepoint_visit_t visit, void *data)
{
	struct module *mod = module ?: THIS_MODULE;
	unsigned int i;

	for (i = 0; i < mod->num_tracepoints; i++) {
		struct tracepoint *tp = tracepoint_ptr_deref(&mod->tracepoints_ptrs[i]);

		visit(data, tp->name, tp);
	}
}

/*
 * @callback gets @data, and the arguments of the tracepoint. Of functions that take so many words as their arguments nobody
 * knows the type, so a kernel that checks types before it calls refuses them.
 */
int rprobes_tracepoint_register(void *tracepoint, const void *callback, void *data)
{
	if (IS_ENABLED(CONFIG_CFI) || IS_ENABLED(CONFIG_CFI_CLANG))
		return -EOPNOTSUPP;
	return tracepoint_probe_register(tracepoint, (void *)callback, data);
}

/* Callbacks that are running go on. */
void rprobes_tracepoint_unregister(void *tracepoint, const void *callback, void *data)
{
	tracepoint_probe_unregister(tracepoint, (void *)callback, data);
}

/*
 * Returns when no callback is running any more that was unregistered before. What that takes differs: callbacks run with
 * preemption off, or in read-side critical sections of SRCU, or, at the entries and exits of system calls, of RCU for tasks.
 */
void rprobes_tracepoint_synchronize(void)
{
	tracepoint_synchronize_unregister();
}

#else

void rprobes_tracepoint_each(rprobes_tracepoint_visit_t visit, void *data)
{
}

void rprobes_tracepoint_each_of(void *module, rprobes_tracepoint_visit_t visit, void *data)
{
}

int rprobes_tracepoint_register(void *tracepoint, const void *callback, void *data)
{
	return -EOPNOTSUPP;
}

void rprobes_tracepoint_unregister(void *tracepoint, const void *callback, void *data)
{
}

void rprobes_tracepoint_synchronize(void)
{
}

#endif
