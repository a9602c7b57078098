# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A tracepoint that is not there is refused, with the reason.
[ -e /modules/tracepoints.ko ] || skip "the kernel has no BTF, which names arguments"
refuse tracepoints target=sched_swich
expect '^tracepoints: no tracepoint sched_swich: it is misspelt, or in a module: .*; did you mean sched_switch \(-ENOENT, -2\)$'
refuse tracepoints target=kmem:kmalloc
expect '^tracepoints: no tracepoint kmem:kmalloc: no module kmem is loaded, but the kernel itself has the tracepoint kmalloc: write that alone'
refuse tracepoints target=tracepoints_target:tracepoints_target_few
expect '^tracepoints: no tracepoint tracepoints_target:tracepoints_target_few: the module tracepoints_target is not loaded: load it first'
refuse tracepoints what=show
load tracepoints_target
refuse tracepoints target=tracepoints_target:tracepoints_target_feew
expect '^tracepoints: no tracepoint tracepoints_target:tracepoints_target_feew: the module has none .*did you mean tracepoints_target_few '
unload tracepoints_target
refuse tracepoints target=
expect '^tracepoints: no symbol given'
