# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# What is not freed, by stack.
[ -e /modules/memleak.ko ] || skip "the kernel has no BTF, which names arguments"
file=/sys/kernel/debug/memleak/leaks

# count FUNCTION SIZE: how many of that size it has not freed. What allocates may need other memory for that.
count() {
	awk -v name="memleak_target_$1+" -v size="$2" '
		/^ *[0-9]+ +[0-9]+$/ { count = $2 == $1 * size ? $1 : 0 }
		index($1, name) == 1 && count { print count }' $file
}
value() {
	sed -n "s/^$1: //p" $file
}

load memleak_target
load memleak older=0 top=100000
# Twice, from the same place.
for _ in 1 2; do echo 1; done >/sys/module/memleak_target/parameters/run
same "$(count kmalloc 1000)" 74
same "$(count fixed 96)" 42
same "$(count large 40000)" 2
same "$(count cache 248)" 106
# Before Linux 6.2, what kfree_rcu() is given is freed when it is, after a while.
freed() {
	[ -z "$(count freed 1000)$(count freed 248)" ]
}
poll freed || fail "not freed: $(count freed 1000) $(count freed 248)"
grep -Eq ';memleak_target_kmalloc;(.*;)?[a-z_]*kmalloc[a-z_]*(;.*)? 74000$' $file.folded || fail "$(grep memleak_target $file.folded)"
grep -Eq '^\{"stack":\[.*"memleak_target_large\+0x[0-9a-f/x]+ \[memleak_target\]",.*\],"count":2,"bytes":80000\}' $file.json ||
	fail "$(grep memleak_target_large $file.json)"
# It is freed.
unload memleak_target
same "$(count kmalloc 1000)$(count fixed 96)$(count large 40000)$(count cache 248)" ''
# Memory comes and goes while programs run: each takes hundreds of allocations, and leaves few behind, such as caches.
busybox true
before=$(value live) missed=$(value missed)
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do busybox true; done
more=$(($(value live) - before)) missed=$(($(value missed) - missed))
[ "$more" -lt $((2000 + missed)) ] || fail "$more allocations are left, and $missed were missed"
same "$(value 'no room')" 0
unload memleak
[ ! -e $file ] || fail "$file is still there"
same "$(probes)" ''

# By age, by who it was, and the largest alone, once what was given to kfree_rcu() is gone.
kept() {
	[ "$(count kmalloc 1000)" = "$1" ]
}
load memleak_target
load memleak older=100000 filter="pid=$$"
echo 1 >/sys/module/memleak_target/parameters/run
same "$(cat $file.folded)" ''
unload memleak
load memleak older=0 top=3 filter="pid=$$"
echo 1 >/sys/module/memleak_target/parameters/run
poll kept 37 || fail "not 37: $(cat $file)"
same "$(wc -l <$file.folded)" 3
echo pid=1 >/sys/module/memleak/parameters/filter
echo 1 >/sys/module/memleak_target/parameters/run
poll kept 37 || fail "not 37: $(cat $file)"
echo 'comm=sh' >/sys/module/memleak/parameters/filter
echo 1 >/sys/module/memleak_target/parameters/run
poll kept 74 || fail "not 74: $(cat $file)"
unload memleak

# What there is no room for is counted.
load memleak older=0 capacity=10 filter="pid=$$"
echo 1 >/sys/module/memleak_target/parameters/run
[ "$(value live)" -le 10 ] && [ "$(value 'no room')" -ge 27 ] || fail "$(cat $file)"
unload memleak
unload memleak_target
refuse memleak capacity=0
expect '^memleak: capacity: it is 1 to 16777215'
refuse memleak filter=pid=x
[ ! -e /sys/kernel/debug/memleak ] || fail "the directory is left"
