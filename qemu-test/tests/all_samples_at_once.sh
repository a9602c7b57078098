# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# All samples are loaded at once: in an order and its reverse, so each before each other.
samples='ftrace_demo histogram kprobe_example kretprobe_example lockstat probe_set rbtree_probe rewrite_regs task_tracer'
# These are there if the kernel has BTF.
for sample in execsnoop killsnoop memleak oomkill opensnoop tcpconnect; do
	[ ! -e "/modules/$sample.ko" ] || samples="$samples $sample"
done
reversed=
for sample in $samples; do
	reversed="$sample $reversed"
done
for order in "$samples" "$reversed"; do
	for sample in $order; do
		load "$sample"
	done
	busybox true
	for sample in $order; do
		[ -e "/sys/module/$sample" ] || fail "$sample is not loaded"
	done
	for sample in $order; do
		unload "$sample"
	done
	same "$(probes)" ''
done
expect '^kprobe_example: <kernel_clone> post_handler: ' '^kretprobe_example: kernel_clone returned '
