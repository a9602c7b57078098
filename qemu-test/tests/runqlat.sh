# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# How long three busy programs wait for the one CPU that they share, next to what the kernel itself counts of each.
[ -e /modules/runqlat.ko ] || skip "the kernel has no BTF, which names arguments"
file=/sys/kernel/debug/runqlat/usecs
# total PID: how often it waited, and for how many microseconds.
total() {
	awk -v begin="usecs[$1]:" '$0 == begin { found = 1 } NF == 0 { found = 0 } found && $1 == "count" { print $2 + 0, $4 + 0 }' $file
}
# in_histogram PID: how many waits are in the histogram of that.
in_histogram() {
	awk -v begin="usecs[$1]:" '$0 == begin { found = 1; next } NF == 0 { found = 0 } found && $2 == ".." { n += $4 } END { print n + 0 }' $file
}
is_stopped() {
	grep -q '^State:.T' "/proc/$1/status"
}
busy() {
	taskset -c 0 sh -c 'while :; do :; done' &
	pids="$pids $!"
}
waited_often() {
	for pid in $pids; do
		set -- $(total "$pid")
		[ "${1:-0}" -ge 20 ] || return 1
	done
}

load runqlat threads=1
begun=$(cut -d' ' -f1 /proc/uptime) pids=
busy
busy
busy
poll waited_often || fail "three programs share a CPU, and do not wait: $(cat $file)"
kill -STOP $pids
all=0
for pid in $pids; do
	poll is_stopped "$pid" || fail "$pid is not stopped"
	set -- $(total "$pid")
	count=$1 usecs=$2
	all=$((all + usecs))
	same "$(in_histogram "$pid")" "$count"
	# Some kernels do not count.
	if [ -e "/proc/$pid/schedstat" ]; then
		read -r _ delay times <"/proc/$pid/schedstat"
		awk -v usecs="$usecs" -v delay="$delay" -v count="$count" -v times="$times" 'BEGIN {
			delay /= 1000
			exit !(count >= times - 2 && count <= times + 2 && usecs > delay * 0.9 - 1000 && usecs < delay * 1.1 + 1000)
		}' || fail "$pid: waited $count times, $usecs us, and as the kernel counts $times times, $delay ns"
	fi
done
# While one of three runs, two wait.
elapsed=$(awk -v begun="$begun" '{ print int(($1 - begun) * 1000000) }' /proc/uptime)
[ "$all" -le $((elapsed * 2)) ] || fail "three programs waited $all us in $elapsed us"
grep -q '^lost: 0$' $file || fail "$(tail -n 1 $file)"
grep -q '^{"pid":[0-9]*,"count":[1-9].*,"max":[0-9]*,"buckets":\[$' $file.json || fail "$(cat $file.json)"
unload runqlat

# Of a single process, and emptied.
set -- $pids
load runqlat "pid=$1" processes=1
kill -CONT $pids
seen() {
	[ -n "$(total "$1")" ]
}
poll seen "$1" || fail "nothing seen of $1: $(cat $file)"
kill -STOP $pids
for pid in $pids; do
	poll is_stopped "$pid" || fail "$pid is not stopped"
done
same "$(grep '^usecs' $file)" "usecs[$1]:"
echo >$file
! seen "$1" || fail "not emptied: $(cat $file)"
unload runqlat

# Of all together.
load runqlat
kill -CONT $pids
filled() {
	[ "$(sed -n 's/^count \([0-9]*\),.*/\1/p' $file)" -gt 10 ]
}
poll filled || fail "nothing recorded: $(cat $file)"
same "$(grep -c '^usecs:$' $file)" 1
unload runqlat
kill -9 $pids
wait $pids || true

refuse runqlat threads=some
[ ! -e /sys/kernel/debug/runqlat ] || fail "the directory is left"
refuse runqlat pid=-1
