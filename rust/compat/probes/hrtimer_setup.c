// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 6.13: hrtimer_init(), and then the function
#include <linux/hrtimer.h>
void probe(struct hrtimer *timer, enum hrtimer_restart (*run)(struct hrtimer *));
void probe(struct hrtimer *timer, enum hrtimer_restart (*run)(struct hrtimer *))
{
	hrtimer_setup(timer, run, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
}
