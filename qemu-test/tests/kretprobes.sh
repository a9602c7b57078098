# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Each return gets the data of its own call; calls are skipped, missed and counted as documented.
load kretprobes
expect '^kretprobes: recursion: entries 6, returns 6, wrong 0, elsewhere 0, exhausted 0$'
expect '^kretprobes: disabled: entries 7, returns 7, wrong 0, elsewhere 0, exhausted 0$'
expect '^kretprobes: skip: entries 6, returns 3, wrong 0, elsewhere 0, exhausted 0$'
expect '^kretprobes: still disabled: entries 0, returns 0, wrong 0, elsewhere 0, exhausted 0$'
expect '^kretprobes: maxactive: entries 3, returns 3, wrong 0, elsewhere 0, exhausted 7$'
expect '^kretprobes: plain: 10$'
expect '^kretprobes: a kretprobe with per-call Data must implement entry' '^kretprobes: forgetful: -22$'
expect 'it must be at the entry of a function' '^kretprobes: offset: -22$'
same "$(probes)" ''
unload kretprobes
