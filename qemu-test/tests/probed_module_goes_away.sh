# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A probe does not keep the module that it is in. When that goes, the probe is gone, and can still be dropped.
load bench_target
load kprobe_example symbol=bench_target:rprobes_bench_target
expect '^kprobe_example: Planted kprobe at rprobes_bench_target\+'$entry'/0x[0-9a-f]+ \[bench_target\]$'
load kretprobe_example func=bench_target:rprobes_bench_target
unload bench_target
probes | grep -q GONE || fail "not gone: $(probes)"
unload kprobe_example
unload kretprobe_example
same "$(probes)" ''
refuse kprobe_example symbol=bench_target:rprobes_bench_target
expect 'no probe at bench_target:rprobes_bench_target: no such function, or its module is not loaded'
# It may come back.
load bench_target
load kprobe_example symbol=bench_target:rprobes_bench_target
unload kprobe_example
unload bench_target
