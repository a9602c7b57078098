# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
refuse kprobe_example symbol=no_such_function_anywhere
expect '^kprobe_example: no probe at no_such_function_anywhere: no such function in /proc/kallsyms .*\(-ENOENT, -2\)$'
refuse kprobe_example symbol=kernel_clome
expect 'no probe at kernel_clome: .*; did you mean kernel_clone '
refuse kprobe_example symbol=sys_raed
expect 'no probe at sys_raed: .*; did you mean sys_read '
refuse kprobe_example symbol=nomod:vfs_read
expect 'no probe at nomod:vfs_read: .*its module is not loaded'
