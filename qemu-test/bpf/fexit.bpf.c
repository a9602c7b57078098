// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
#include "seen.h"

SEC("fexit/rprobes_bench_target")
int BPF_PROG(bench, unsigned long n, unsigned long value)
{
	return see(value);
}
