# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who is killed as memory has run out, as the kernel log and the exit status have it.
[ -e /modules/oomkill.ko ] || skip "the kernel has no BTF, which names arguments"
[ -e /proc/sysrq-trigger ] || skip "the kernel has no SysRq, at which it kills without need"
file=/sys/kernel/debug/oomkill/kills
# killed PID COMM: how many pages it had, by the kernel log, which names one twice that is killed with its cgroup.
killed() {
	log | sed -n "s/.*Killed process $1 ($2) total-vm:\([0-9]*\)kB, .*/\1/p" | awk '{ print $1 / 4; exit }'
}

load oomkill
cat $file >/tmp/kills &
reader=$!
shown() {
	grep -Eq "$1" /tmp/kills
}

# By SysRq: a thread of the kernel's looks for the one that it is said to prefer.
sleep 1000 &
sleep=$!
poll grep -qx sleep /proc/$sleep/comm || fail "it does not sleep"
echo 1000 >/proc/$sleep/oom_score_adj
echo f >/proc/sysrq-trigger
status=0
wait $sleep || status=$?
same "$status" 137
poll shown "^[0-9]+\.[0-9]{6} [0-9]+ kworker.*: OOM kill of $sleep sleep, [0-9]+ pages\$" || fail "$(cat /tmp/kills)"
expect "Killed process $sleep \(sleep\)"
same "$(sed -n "s/.*kill of $sleep sleep, \([0-9]*\) pages/\1/p" /tmp/kills)" "$(killed $sleep sleep)"

# A cgroup of two, of which one wants too much. It is killed alone, and then both are.
cgroup=/sys/fs/cgroup
mount -t cgroup2 cgroup2 $cgroup 2>/dev/null || true
if grep -qsw memory $cgroup/cgroup.controllers; then
	echo +memory >$cgroup/cgroup.subtree_control
	mkdir $cgroup/small
	echo 4M >$cgroup/small/memory.max
	for group in 0 1; do
		echo $group >$cgroup/small/memory.oom.group
		(echo 0 >$cgroup/small/cgroup.procs && exec sleep 1000) &
		sleep=$!
		poll grep -qx sleep /proc/$sleep/comm || fail "it does not sleep"
		(echo 0 >$cgroup/small/cgroup.procs && exec dd if=/dev/zero of=/dev/null bs=64M count=1 2>/dev/null) &
		dd=$!
		status=0
		wait $dd || status=$?
		same "$status" 137
		poll shown " $dd dd: OOM kill of $dd dd, [0-9]+ pages\$" || fail "$(cat /tmp/kills)"
		expect "Memory cgroup out of memory: Killed process $dd \(dd\)"
		same "$(sed -n "s/.*kill of $dd dd, \([0-9]*\) pages/\1/p" /tmp/kills)" "$(killed $dd dd)"
		[ "$group" = 1 ] || kill $sleep
		status=0
		wait $sleep || status=$?
		if [ "$group" = 0 ]; then
			same "$status" 143
			! shown "of $sleep " || fail "$(cat /tmp/kills)"
		else
			same "$status" 137
			poll shown " $dd dd: OOM kill of $sleep sleep, " || fail "$(cat /tmp/kills)"
		fi
	done
	rmdir $cgroup/small
fi
umount $cgroup 2>/dev/null || true
# As many as the kernel has killed, and the reader comes to the end.
same "$(wc -l </tmp/kills)" "$(log | sed -n 's/.* Killed process \([0-9]*\) .*/\1/p' | sort -u | wc -l)"
unload oomkill
wait $reader
rm /tmp/kills
[ ! -e $file ] || fail "$file is still there"
