// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
#include "seen.h"

/* Nobody reads it, so there is room for all calls of a measurement. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} records SEC(".maps");

SEC("fentry/rprobes_bench_target")
int BPF_PROG(bench, unsigned long n)
{
	__u64 record[8] = { bpf_ktime_get_ns(), n, 2, 3, 4, 5, 6, 7 };

	if (bpf_ringbuf_output(&records, record, sizeof(record), BPF_RB_NO_WAKEUP))
		return 0;
	return see(n);
}
