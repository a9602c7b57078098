// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Tracepoints for tracepoints.rs: to write a number to the parameter run is to come by them.
 */
#include <linux/kernel.h>
#include <linux/module.h>

#include "tracepoints_target.h"

DEFINE_TRACE(tracepoints_target_few, TP_PROTO(int number, const char *text), TP_ARGS(number, text));
DEFINE_TRACE(tracepoints_target_many,
	     TP_PROTO(long a, int b, short c, signed char d, bool e, u64 f, struct tracepoints_target_pair pair, u8 g, int h),
	     TP_ARGS(a, b, c, d, e, f, pair, g, h));

static int set_run(const char *buffer, const struct kernel_param *param)
{
	struct tracepoints_target_pair pair = { -71, 72 };
	int number, err = kstrtoint(buffer, 10, &number);

	if (err)
		return err;
	trace_tracepoints_target_few(number, "a text");
	trace_tracepoints_target_many(-1, -2, -3, -4, true, 0x123456789abcdefULL, pair, 200, number);
	return 0;
}

static const struct kernel_param_ops run_ops = { .set = set_run };
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "The number that the tracepoints pass");

static int __init tracepoints_target_init(void)
{
	return 0;
}

static void __exit tracepoints_target_exit(void)
{
}

module_init(tracepoints_target_init);
module_exit(tracepoints_target_exit);
MODULE_DESCRIPTION("Tracepoints for tests");
MODULE_LICENSE("GPL");
