# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A handler at sched_switch counts as often as the kernel does itself.
[ -e /modules/tracepoints.ko ] || skip "the kernel has no BTF, which names arguments"
# switches PID: how often the kernel has taken the CPU from it. It sleeps, so it is not running.
switches() {
	awk '/ctxt_switches/ { n += $2 } END { print n }' "/proc/$1/status"
}
# It sleeps and wakes up until it is told to stop, and then sleeps for good.
sh -c 'while [ ! -e /tmp/stop ]; do usleep 2000; done; rm /tmp/stop; exec sleep 1000' &
sleeper=$!
kill -STOP $sleeper
is_stopped() {
	grep -q '^State:.*stopped' /proc/$sleeper/status
}
poll is_stopped || fail "it does not stop"
before=$(switches $sleeper)
load tracepoints what=switches target=$sleeper
kill -CONT $sleeper
more() {
	[ $(($(switches $sleeper) - before)) -gt 40 ]
}
poll more || fail "it does not run"
kill -STOP $sleeper
poll is_stopped || fail "it does not stop"
after=$(switches $sleeper)
unload tracepoints
kill -KILL $sleeper
rm -f /tmp/stop
n=$((after - before))
expect "^tracepoints: switches: from $n, to $n, odd 0\$"
