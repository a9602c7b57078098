# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load kretprobe_example
expect '^kretprobe_example: Planted return probe at kernel_clone at kernel_clone\+'$entry'/0x'
busybox true
expect '^kretprobe_example: kernel_clone returned [0-9]+ and took [0-9]+ ns to execute$'
# kernel_clone() returns the number of the new process.
(exec sleep 0) &
pid=$!
wait
expect "kernel_clone returned $pid and took"
unload kretprobe_example
expect '^kretprobe_example: kretprobe at kernel_clone\+'$entry'/0x[0-9a-f]+ unregistered$'
expect '^kretprobe_example: Missed probing [0-9]+ instances of kernel_clone'
same "$(probes)" ''
