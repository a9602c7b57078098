# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# 9 is behind ENDBR (4 bytes) and the call of ftrace (5): the first instruction of the function itself.
load kprobe_example symbol=vfs_read+0x9
expect '^kprobe_example: Planted kprobe at vfs_read\+0x9/0x'
cat /proc/uptime >/tmp/uptime
expect '^kprobe_example: <vfs_read\+0x9> pre_handler: p->addr = vfs_read\+0x9/0x' '<vfs_read\+0x9> post_handler: '
unload kprobe_example
load kprobe_example symbol=vfs_read+9
expect 'Planted kprobe at vfs_read\+0x9/0x'
unload kprobe_example
