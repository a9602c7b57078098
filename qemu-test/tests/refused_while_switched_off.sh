# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
echo 0 >/sys/kernel/debug/kprobes/enabled
refuse kprobe_example
echo 1 >/sys/kernel/debug/kprobes/enabled
expect 'probes are switched off on this machine; echo 1 > /sys/kernel/debug/kprobes/enabled'
load kprobe_example
busybox true
expect 'pre_handler'
unload kprobe_example
