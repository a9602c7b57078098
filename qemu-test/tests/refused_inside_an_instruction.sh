# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
refuse kprobe_example symbol=kernel_clone+5
expect '^kprobe_example: no probe at kernel_clone\+0x5: the offset is inside an instruction; .*\(-EILSEQ, -84\)$'
