# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Both processors fork while probes at the same place come and go; one that stays sees every single fork, as the
# kernel itself counts them.
forks() {
	while read -r key value _; do
		[ "$key" != processes ] || forks=$value
	done </proc/stat
}

forks; most=$forks
load probe_set symbols=kernel_clone
forks; least=$forks
for _ in 1 2; do
	while [ ! -e /tmp/stop ]; do busybox true; done &
done
load churn
unload churn
expect '^churn: hits [1-9][0-9]*, returns [1-9][0-9]*$'
touch /tmp/stop
wait
rm /tmp/stop
forks; least=$((forks - least))
unload probe_set
forks; most=$((forks - most))
set -- $(log | sed -n 's/^probe_set: kernel_clone+.*: \([0-9]*\) calls, \([0-9]*\) missed$/\1 \2/p')
[ $(($1 + $2)) -ge $least ] && [ $(($1 + $2)) -le $most ] || fail "$1 hits and $2 missed, but between $least and $most forks"
[ $least -gt 100 ] || fail "only $least forks"
same "$(probes)" ''
