# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Both processors fork, and call a function, while probes at the same places come and go, 2000 of them. Those that stay
# see every single fork, as the kernel itself counts them, and every single call, as the function counts them.
forks() {
	while read -r key value _; do
		[ "$key" != processes ] || forks=$value
	done </proc/stat
}

forks; most=$forks
load probe_set symbols=kernel_clone
forks; least=$forks
load churn
dir=/sys/kernel/debug/churn
for _ in 1 2; do
	while [ ! -e /tmp/stop ]; do
		busybox true
		read -r nothing <$dir/calls
	done &
done
# Grace periods as short as can be: more rounds, and less time for what should have been waited for.
echo 1 >/sys/kernel/rcu_expedited
echo 1000 >$dir/rounds || fail 'a round failed'
echo 0 >/sys/kernel/rcu_expedited
touch /tmp/stop
wait
rm /tmp/stop
set -- $(sed 's/.*: //' $dir/rounds)
[ "$1" -gt 0 ] && [ "$2" -gt 0 ] || fail "$1 hits, $2 returns"
set -- $(sed 's/.*: //' $dir/calls)
[ $(($1 + $2)) -eq "$3" ] && [ "$3" -gt 1000 ] || fail "$1 hits and $2 missed of $3 calls"
unload churn
forks; least=$((forks - least))
unload probe_set
forks; most=$((forks - most))
set -- $(log | sed -n 's/^probe_set: kernel_clone+.*: \([0-9]*\) calls, \([0-9]*\) missed$/\1 \2/p')
[ $(($1 + $2)) -ge $least ] && [ $(($1 + $2)) -le $most ] || fail "$1 hits and $2 missed, but between $least and $most forks"
[ $least -gt 100 ] || fail "only $least forks"
same "$(probes)" ''
