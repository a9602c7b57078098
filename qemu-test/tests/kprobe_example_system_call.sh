# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A system call by the name that it has on no architecture.
load kprobe_example symbol=sys_kill
expect '^kprobe_example: sys_kill is a system call: probing '${syscall}'kill, .* to be had by cx\.syscall\(\)$'
calls kill
expect '^kprobe_example: <sys_kill> pre_handler: p->addr = '${syscall}'kill\+'$entry'/0x' '^kprobe_example: <sys_kill> post_handler: '
unload kprobe_example
load kretprobe_example func=sys_kill
calls kill
expect '^kretprobe_example: sys_kill returned '
unload kretprobe_example
same "$(probes)" ''
