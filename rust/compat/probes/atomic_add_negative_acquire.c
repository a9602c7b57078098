// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 6.4: only the fully ordered atomic_add_negative() before
#include <linux/atomic.h>
bool probe(atomic_t *v);
bool probe(atomic_t *v)
{
	return atomic_add_negative_acquire(1, v);
}
