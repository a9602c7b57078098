// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * Printing that does not flood the log.
 */
#include <linux/ratelimit.h>

#include <rprobes/ratelimit.h>

/*
 * Whether this place may print now. Its state holds a lock, which only C can initialise: whoever comes here first
 * does that, and others do not print meanwhile.
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
