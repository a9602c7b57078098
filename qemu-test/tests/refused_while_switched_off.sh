# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
echo 0 >/sys/kernel/debug/kprobes/enabled
refuse kprobe_example
# Inside a function it is another path of the kernel.
refuse kprobe_example symbol=vfs_read+$past
expect 'the probe at vfs_read\+'$past' is not armed'
echo 1 >/sys/kernel/debug/kprobes/enabled
expect 'the probe at kernel_clone is not armed: probes are switched off on this machine \(echo 1 > /sys/kernel/debug/kprobes/enabled\)'
load kprobe_example
busybox true
expect 'pre_handler'
unload kprobe_example
