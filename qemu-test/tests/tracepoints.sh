# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Handlers at tracepoints have their arguments, in registers and on the stack, and are called for each hit.
[ -e /modules/tracepoints.ko ] || skip "the kernel has no BTF, which names arguments"
load tracepoints_target
load tracepoints what=show
echo -5 >/sys/module/tracepoints_target/parameters/run
unload tracepoints
expect '^tracepoints: few: -5 a text$' '^tracepoints: tracepoints_target:tracepoints_target_few: -5$'
expect '^tracepoints: many: -1 -2 -3 -4 true 0x123456789abcdef \(-71 72\) 200 -5$'

# No name is needed.
load tracepoints target=tracepoints_target:tracepoints_target_many
for i in 1 2 3 4 5 6 7; do
	echo $i >/sys/module/tracepoints_target/parameters/run
done
# The module stays meanwhile.
! rmmod tracepoints_target 2>/dev/null || fail "a module whose tracepoint is probed was unloaded"
unload tracepoints
expect '^tracepoints: tracepoints_target:tracepoints_target_many at .*: 7 hits, 0 missed$'
unload tracepoints_target

# Two system calls of each program, of which the second never returns; and a return from the call by which it came.
load tracepoints what=syscalls
for i in 1 2 3 4 5 6 7 8 9 10; do
	calls getpid
done
unload tracepoints
expect '^tracepoints: calls of sys_enter at .* and sys_exit at .*: 20 and 20, 20 refused to plant$'
expect '^tracepoints: no probe at sched_switch: probes are registered in process context, not in a handler$'
