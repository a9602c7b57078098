# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Whoever waits for a module and is leaked is not called any more, and its probe is gone, too.
load when_loaded leak=1
unload when_loaded
load bench_target calls=2
same "$(probes)" ''
load when_loaded leak=1
same "$(probes | grep -c 'rprobes_bench_target')" 2
unload when_loaded
expect '^when_loaded: the probe at bench_target:rprobes_bench_target was leaked .*; unregistering it$'
same "$(probes)" ''
unload bench_target
