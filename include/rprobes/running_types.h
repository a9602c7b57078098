/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * The types of the running kernel: rust/helpers/running_types.c
 */
#ifndef _RPROBES_RUNNING_TYPES_H
#define _RPROBES_RUNNING_TYPES_H

#include <linux/types.h>

/**
 * struct rprobes_expected - what a module was built for, as the Rust side has it
 * @first: the first of its expectations
 * @count: how many there are
 * @check: compares them with the running kernel's; in here, so that it is linked in only if there are any
 */
struct rprobes_expected {
	const void *first;
	size_t count;
	int (*check)(const struct rprobes_expected *expected);
};

const struct rprobes_expected *rprobes_expected(void);
ssize_t rprobes_running_types(void **types);
void rprobes_running_types_free(void *types);

#endif /* _RPROBES_RUNNING_TYPES_H */
