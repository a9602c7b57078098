# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load rewrite_regs
same "$(log | grep -c 'rewrite_regs: as written: 2 \* 100 = 200, 3 \* 100 = 300$')" 2
expect '^rewrite_regs: another argument: 2 \* 100 = 210$'
expect '^rewrite_regs: another argument and result: 2 \* 100 = 1210$'
expect '^rewrite_regs: not called: 3 \* 100 = 7$'
unload rewrite_regs
