# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The function name of every old tutorial.
load kprobe_example symbol=_do_fork
expect '^kprobe_example: _do_fork is kernel_clone since Linux 5\.10: probing that$'
busybox true
expect '^kprobe_example: <_do_fork> pre_handler: p->addr = kernel_clone\+'$entry'/0x' '^kprobe_example: <_do_fork> post_handler: '
unload kprobe_example
