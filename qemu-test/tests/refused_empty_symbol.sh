# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
refuse kprobe_example symbol=
expect '^kprobe_example: no symbol given: name a kernel function, for example symbol=kernel_clone$'
refuse kprobe_example symbol=+0x10
expect '^kprobe_example: no symbol given: '
refuse kprobe_example symbol=vfs_read+zz
expect '^kprobe_example: vfs_read\+zz: no number behind the \+; write an offset as function\+0x1f'
refuse kprobe_example symbol=vfs_read+
expect '^kprobe_example: vfs_read\+: no number behind the \+'
refuse kprobe_example symbol=0xzz
expect '^kprobe_example: 0xzz: not an address'
refuse kprobe_example symbol=vfs_read+0x100000000
expect 'no function is that long'
refuse kprobe_example symbol=vfs_réad
expect 'not a symbol name'
