// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * What the module of events probes: called as often as one writes into the parameter run, on all CPUs at once.
 */
#include <linux/moduleparam.h>
#include <linux/smp.h>

unsigned long rprobes_events_target(unsigned long n);

noinline unsigned long rprobes_events_target(unsigned long n)
{
	barrier_data(&n);
	return n;
}

static void call(void *calls)
{
	unsigned long i;

	for (i = 0; i < *(unsigned long *)calls; i++)
		rprobes_events_target(i);
}

static int set_run(const char *value, const struct kernel_param *param)
{
	unsigned long calls;
	int err = kstrtoul(value, 0, &calls);

	if (!err)
		on_each_cpu(call, &calls, true);
	return err;
}

static const struct kernel_param_ops run_ops = { .set = set_run };
module_param_cb(run, &run_ops, NULL, 0200);
