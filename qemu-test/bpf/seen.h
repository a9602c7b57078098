/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/* What the programs of a measurement do at a hit: as the handlers of bench.rs, they add to a sum, and count. */
#ifndef _RPROBES_SEEN_H
#define _RPROBES_SEEN_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct seen {
	__u64 sum;
	__u64 hits;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

static __always_inline int see(__u64 value)
{
	__u32 first = 0;
	struct seen *here = bpf_map_lookup_elem(&seen, &first);

	if (here) {
		here->sum += value;
		here->hits++;
	}
	return 0;
}

#endif
