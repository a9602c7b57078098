# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load kprobe_example symbol=0x$(address vfs_read)
cat /proc/uptime >/tmp/uptime
expect '^kprobe_example: <0x[0-9a-f]+> pre_handler: p->addr = vfs_read\+'$entry'/0x'
unload kprobe_example
