/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Printing that does not flood the log: rust/helpers/ratelimit.c
 */
#ifndef _RPROBES_RATELIMIT_H
#define _RPROBES_RATELIMIT_H

#include <linux/ratelimit.h>
#include <linux/types.h>

/**
 * struct rprobes_ratelimit - a place in the code that prints; zero at first
 * @state: what the kernel needs to limit it
 * @ready: 0 at first, 1 while somebody initialises @state, 2 once that is done
 */
struct rprobes_ratelimit {
	struct ratelimit_state state;
	atomic_t ready;
};

bool rprobes_ratelimit(struct rprobes_ratelimit *place, const char *name);

#endif /* _RPROBES_RATELIMIT_H */
