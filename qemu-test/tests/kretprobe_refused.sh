# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
refuse kretprobe_example func=vfs_read+$past
expect '^kretprobe_example: no return probe at vfs_read\+'$past': it must be at the entry of a function'
refuse kretprobe_example func=no_such_function_anywhere
expect 'no probe at no_such_function_anywhere: no such function'
refuse kretprobe_example func=
expect 'no symbol given'
