# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Probes at tracepoints come and go, and so does the module, while four tasks keep coming by.
[ -e /modules/tracepoints.ko ] || skip "the kernel has no BTF, which names arguments"
for i in 1 2 3 4; do
	(while [ ! -e /tmp/stop ]; do busybox cat /proc/stat >/dev/null; done) &
done
echo 1 >/sys/kernel/rcu_expedited
rounds=6
! grep -q 'rprobes\.limit=400' /proc/cmdline || rounds=3
load tracepoints what=churn rounds=$rounds
unload tracepoints
expect '^tracepoints: churn: [1-9][0-9]* [1-9][0-9]* [1-9][0-9]*$'
expect_no 'after it was gone'
for i in 1 2; do
	for target in sched_switch sys_exit kmem_cache_alloc; do
		load tracepoints target=$target
		unload tracepoints
	done
done
echo 0 >/sys/kernel/rcu_expedited
touch /tmp/stop
wait
rm /tmp/stop
expect '^tracepoints: sys_exit at .*: [1-9][0-9]* hits, '
