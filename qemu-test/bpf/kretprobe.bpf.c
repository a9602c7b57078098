// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
#include "seen.h"

SEC("kretprobe/rprobes_bench_target")
int BPF_KRETPROBE(bench, unsigned long value)
{
	return see(value);
}
