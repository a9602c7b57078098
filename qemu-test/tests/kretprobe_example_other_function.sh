# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load kretprobe_example func=_do_fork
busybox true
expect '^kretprobe_example: <?_do_fork>? returned [0-9]+ and took'
unload kretprobe_example
load kretprobe_example func=vfs_read
cat /proc/uptime >/tmp/uptime
expect '^kretprobe_example: vfs_read returned [0-9]+ and took [0-9]+ ns to execute$'
unload kretprobe_example
