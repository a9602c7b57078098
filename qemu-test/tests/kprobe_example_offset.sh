# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The first instruction of the function itself.
load kprobe_example symbol=vfs_read+$past
expect '^kprobe_example: Planted kprobe at vfs_read\+'$past'/0x'
cat /proc/uptime >/tmp/uptime
expect '^kprobe_example: <vfs_read\+'$past'> pre_handler: p->addr = vfs_read\+'$past'/0x' '<vfs_read\+'$past'> post_handler: '
unload kprobe_example
load kprobe_example symbol=vfs_read+$((past))
expect 'Planted kprobe at vfs_read\+'$past'/0x'
unload kprobe_example
