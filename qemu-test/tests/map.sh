# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Maps, through a module that compares them with what must be in them, and does not load if that is not so.
operations=1000000
# A kernel that checks everything takes its time.
! grep -q ' kasan_report$' /proc/kallsyms || operations=100000
load map operations=$operations
expect '^map: one by one$' '^map: keys$' '^map: evicted$' '^map: refused$' '^map: aggregates$' '^map: in closures$'
expect '^map: at once: [1-9][0-9]{4,} updates, [1-9][0-9]+ in interrupts, [0-9]+ busy, read [1-9][0-9]* times$'
expect '^map: [1-9][0-9]* queued, [1-9][0-9]{4,} recorded, [1-9][0-9]* evicted$'
same "$(probes)" ''
unload map
