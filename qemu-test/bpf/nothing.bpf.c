// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
#include "seen.h"

SEC("fentry/rprobes_bench_target")
int BPF_PROG(bench, unsigned long n)
{
	return 0;
}
