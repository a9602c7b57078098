/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/* Counts hits by one of 16 keys, as bench.rs does with maps. COUNTED_TYPE is that of the map, COUNT(value) counts. */
#ifndef _RPROBES_COUNTED_H
#define _RPROBES_COUNTED_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct counted {
	__u64 hits;
};

struct {
	__uint(type, COUNTED_TYPE);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct counted);
} seen SEC(".maps");

SEC("fentry/rprobes_bench_target")
int BPF_PROG(bench, unsigned long n)
{
	__u64 key = n & 15;
	struct counted *here = bpf_map_lookup_elem(&seen, &key), none = {};

	if (here)
		COUNT(here->hits);
	else
		bpf_map_update_elem(&seen, &key, &none, BPF_NOEXIST);
	return 0;
}

#endif
