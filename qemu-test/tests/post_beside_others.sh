# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A handler with post, a return probe, and plain probes at the entry of one function, in any order, in and out.
check() {
	busybox true
	expect '^kprobe_example: <kernel_clone> pre_handler: ' '^kprobe_example: <kernel_clone> post_handler: '
	expect '^kretprobe_example: kernel_clone returned '
}
both() {
	load "$1"
	load "$2"
	check
	same "$(probes | wc -l)" 2
	unload "$3"
	busybox true
	unload "$4"
	same "$(probes)" ''
}
both kretprobe_example kprobe_example kprobe_example kretprobe_example
both kretprobe_example kprobe_example kretprobe_example kprobe_example
both kprobe_example kretprobe_example kretprobe_example kprobe_example
both kprobe_example kretprobe_example kprobe_example kretprobe_example
# The kernel's own C sample has a post handler of the kernel's kind.
load c_kprobe_example
load kprobe_example
load kretprobe_example
busybox true
unload c_kprobe_example
busybox true
check
unload kprobe_example
unload kretprobe_example
same "$(probes)" ''
