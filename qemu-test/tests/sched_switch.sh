# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The trace buffer shows who gave the CPU to whom, and who woke whom.
[ -e /modules/sched_switch.ko ] || skip "the kernel has no BTF, which names arguments"
echo >$tracing/trace
load sched_switch
sh -c 'echo $$ >/tmp/pid; usleep 20000'
cat $tracing/trace >/tmp/trace
unload sched_switch
pid=$(cat /tmp/pid)
rm /tmp/pid
echo >$tracing/trace
shown() {
	grep -Eq "$1" /tmp/trace || fail "not in the trace buffer: $1: $(grep -E ":120:" /tmp/trace | tail -n 20)"
}
# It was woken when it was made, and gave its CPU away as it fell asleep, and when it was dead.
shown "sh-$$ +\[[0-9]{3}\] .* +$$:120:R +\+ \[[0-9]{3}\] +$pid:120:R sh\$"
shown "[^ ]+-$pid +\[[0-9]{3}\] .* +$pid:120:S ==> \[[0-9]{3}\] +[0-9]+:[ 0-9]{3}:R "
shown " +$pid:120:[XZ] ==> \[[0-9]{3}\] +[0-9]+:[ 0-9]{3}:R "
shown ' ==> \[[0-9]{3}\] +0:120:R <idle>$'
shown "<idle>-0 .* +0:120:R ==> \[[0-9]{3}\] "
# The CPU is that of the line.
awk '/==>/ { for (i = 1; i <= NF; i++) if ($i == "==>" && $(i + 1) != $2) exit 1 }' /tmp/trace || fail "the CPU is another"
# Of one task alone.
sleep 1000 &
load sched_switch pid=$!
kill $!
wait $! || true
busybox true
unload sched_switch
grep -E ' (==>|\+) ' $tracing/trace >/tmp/trace
grep -q " $!:120:" /tmp/trace || fail "nothing of $!: $(cat $tracing/trace)"
! grep -v " $!:120:" /tmp/trace || fail "not of $!"
rm /tmp/trace
