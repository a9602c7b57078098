# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# An offset that is past the end of the function would probe another one.
start=$(address vfs_read)
next=$(sort /proc/kallsyms | awk -v start="$start" '$1 > start && $2 ~ /[tT]/ && $3 !~ /^__pfx/ { print $1; exit }')
refuse kprobe_example symbol=vfs_read+$((0x$next - 0x$start))
expect '^kprobe_example: no probe at vfs_read\+0x[0-9a-f]*: the offset is beyond the end of the function, which is 0x[0-9a-f]+ bytes long$'
refuse kprobe_example symbol=vfs_read+0xffffffff
expect '^kprobe_example: no probe at vfs_read\+0xffffffff: the offset is beyond the end of the function'
