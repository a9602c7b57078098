# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Places where the kernel allows no probe, told apart although the kernel has one error for all of them.
refuse kprobe_example symbol=jiffies
expect '^kprobe_example: no probe at jiffies: it is data, not code \(-EINVAL, -22\)$'
refuse kprobe_example symbol=start_kernel
expect '^kprobe_example: no probe at start_kernel: it ran at boot, and is no longer there \(__init\)'
case $(uname -m) in
aarch64) entry_text=el0t_64_sync ;;
*) entry_text=entry_SYSCALL_64 ;;
esac
refuse kprobe_example symbol=$noinstr
expect '^kprobe_example: no probe at '$noinstr': it is code that must not be instrumented \(noinstr\); probe what it calls'
refuse kprobe_example symbol=$entry_text
expect '^kprobe_example: no probe at '$entry_text': it is the code by which the CPU enters the kernel'
refuse kretprobe_example func=$noinstr
expect '^kretprobe_example: no return probe at '$noinstr': it is code that must not be instrumented'
