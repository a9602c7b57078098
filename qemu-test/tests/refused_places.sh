# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Places where the kernel allows no probe, told apart although the kernel has one error for all of them.
refuse kprobe_example symbol=jiffies
expect '^kprobe_example: no probe at jiffies: it is data, not code \(-EINVAL, -22\)$'
refuse kprobe_example symbol=start_kernel
expect '^kprobe_example: no probe at start_kernel: it ran at boot, and is no longer there \(__init\)'
refuse kprobe_example symbol=do_syscall_64
expect '^kprobe_example: no probe at do_syscall_64: it is code that must not be instrumented \(noinstr\); probe what it calls'
refuse kprobe_example symbol=entry_SYSCALL_64
expect '^kprobe_example: no probe at entry_SYSCALL_64: it is the code by which the CPU enters the kernel'
refuse kretprobe_example func=do_syscall_64
expect '^kretprobe_example: no return probe at do_syscall_64: it is code that must not be instrumented'
refuse kprobe_example symbol=sys_kill
expect '^kprobe_example: no probe at sys_kill: .*; did you mean .*__x64_sys_kill.*the arguments of the system call are not in the registers, but in the struct pt_regs'
