# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Probes at tracepoints are disabled, enabled, unregistered, in sets, leaked, and do what they trace.
[ -e /modules/tracepoints.ko ] || skip "the kernel has no BTF, which names arguments"
(while [ ! -e /tmp/stop ]; do busybox true; done) &
load tracepoints what=states
unload tracepoints
expect '^tracepoints: disabled: true$' '^tracepoints: unregistered: true Some\(-22\)$' '^tracepoints: at its own request: true$'
load tracepoints what=set
unload tracepoints
expect '^tracepoints: member 0: tracepoint$' '^tracepoints: member 1: tracepoint$' '^tracepoints: member 2: missing$'
expect '^tracepoints: set with a missing one: Some\(-2\)$' '^tracepoints: no tracepoint not_there: '
load tracepoints_target
load tracepoints what=leak target=tracepoints_target:tracepoints_target_few
! rmmod tracepoints_target 2>/dev/null || fail "a module whose tracepoint is probed was unloaded"
unload tracepoints
expect '^tracepoints: the probe at sched_switch was leaked .*; unregistering it$'
expect '^tracepoints: the probe at tracepoints_target:tracepoints_target_few was leaked .*; unregistering it$'
echo 1 >/sys/module/tracepoints_target/parameters/run
unload tracepoints_target
load tracepoints what=allocates
for i in 1 2 3 4 5 6 7 8 9 10; do
	busybox cat /proc/self/maps >/dev/null
done
unload tracepoints
expect '^tracepoints: allocates: each allocation was missed: true$'
grep -q 'bytes$' $tracing/trace || fail "nothing in the trace buffer"
touch /tmp/stop
wait
rm /tmp/stop
