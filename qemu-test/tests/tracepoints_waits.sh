# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Handlers that are running as a probe at a tracepoint goes are waited for.
[ -e /modules/tracepoints.ko ] || skip "the kernel has no BTF, which names arguments"
for i in 1 2 3 4; do
	(while [ ! -e /tmp/stop ]; do busybox cat /proc/stat >/dev/null; done) &
done
echo 1 >/sys/kernel/rcu_expedited
load tracepoints what=waits
unload tracepoints
echo 0 >/sys/kernel/rcu_expedited
touch /tmp/stop
wait
rm /tmp/stop
