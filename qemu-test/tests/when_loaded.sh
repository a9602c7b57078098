# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Probes in a module that is not there yet: they wait, are there before its first instruction runs, go with it, and
# come again with it.
load when_loaded
expect '^when_loaded: loaded: hits 0 \(Waiting\), missed None; returned 0 in all$'
same "$(probes)" ''
# The target returns 1, 2, 3, ... and runs during the module's initialisation.
load bench_target calls=4
same "$(probes | grep -c 'rprobes_bench_target')" 2
unload bench_target
same "$(probes)" ''
load bench_target calls=3
unload when_loaded
expect '^when_loaded: unloaded: hits 7 \(Planted\(rprobes_bench_target\+0x[04]/0x[0-9a-f]+ \[bench_target\]\)\), missed Some\(0\); returned 16 in all$'
same "$(probes)" ''
# It is there already.
load when_loaded
expect '^when_loaded: loaded: hits 0 \(Planted\(rprobes_bench_target\+'
same "$(probes | grep -c 'rprobes_bench_target')" 2
unload when_loaded
# No such function in a module that is there: refused. In one that comes: said.
refuse when_loaded symbol=bench_target:no_such_function
expect '^when_loaded: no probe at bench_target:no_such_function: no such function'
unload bench_target
load when_loaded symbol=bench_target:not_this_either
load bench_target calls=1
expect '^when_loaded: no probe at bench_target:not_this_either: no such function'
same "$(log | grep -c 'not_this_either: no such function')" 2
unload when_loaded
expect '^when_loaded: unloaded: hits 0 \(Refused\), missed None'
unload bench_target
# What cannot be waited for.
refuse when_loaded symbol=kernel_clone
expect '^when_loaded: kernel_clone names no module to wait for: write module:function$'
refuse when_loaded symbol=printk:_printk
expect '^when_loaded: cannot wait for printk: it is part of this kernel and no module, so name the function alone'
