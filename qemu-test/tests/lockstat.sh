# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who holds a mutex: as often, and as long, as the holder itself has measured.
file=/sys/kernel/debug/lockstat/holders
run=/sys/module/lockstat_target/parameters/run

# row TABLE FUNCTION: "holds average max total" of the function, or, if it holds a mutex now, its "pid since".
row() {
	sed -n "/^\"$1\":/,/^\]/p" $file.json | grep "\"lockstat_target_$2+" | sed 's/.*\],//; s/"[a-z]*"://g; s/[},]/ /g; s/ *$//'
}
value() {
	sed -n "s/^$1: //p" $file
}

load lockstat_target
load lockstat top=100000
for _ in 1 2; do echo 200; done >$run
for each in lock:14 io:4 interruptible:6 killable:8 trylock:10; do
	how=${each%:*}
	read -r least most longest_least longest_most </sys/module/lockstat_target/parameters/"$how"
	[ "$least" -ge $((${each#*:} * 5000000)) ] || fail "$how: $least ns"
	row holders "$how" >/tmp/row
	read -r holds average max total </tmp/row || fail "no $how: $(cat $file)"
	same "$holds" "${each#*:}"
	[ "$total" -ge "$least" ] && [ "$total" -le "$most" ] || fail "$how: $total ns, not from $least to $most"
	[ "$max" -ge "$longest_least" ] && [ "$max" -le "$longest_most" ] ||
		fail "$how: $max ns, not from $longest_least to $longest_most"
	same "$average" $((total / holds))
	grep -Eq "^[^;]*;.*;lockstat_target_$how $total\$" $file.folded || fail "no $how: $(grep lockstat_target $file.folded)"
done
# Who did not get it does not count, and who has waited for it did not hold it meanwhile.
row holders contended >/tmp/row
read -r holds _ _ total </tmp/row
same "$holds" 2
[ "$total" -ge 400000000 ] || fail "$(cat /tmp/row)"
! grep -q '"stack":\["contend+' $file.json || fail "$(grep contend+ $file.json)"
row holders waits >/tmp/row
read -r holds _ _ waited </tmp/row
same "$holds" 2
[ "$waited" -lt "$total" ] || fail "held for $waited ns, of $total"
# All is of one mutex.
same "$(grep 'lockstat_target_' $file.json | sed 's/^{"lock":"\([^"]*\)".*/\1/' | sort -u | wc -l)" 1
same "$(value 'no room')" 0
same "$(row 'held now' .)" ''

# It is seen while it is held: by sh, which has written that.
echo 5000 >$run &
holder=$!
held() {
	row 'held now' contended >/tmp/row
	read -r pid since </tmp/row && [ "$since" -gt 1000000 ]
}
poll held || fail "nobody holds it: $(cat $file)"
same "$pid" $holder
wait $holder
rm /tmp/row
unload lockstat
[ ! -e $file ] || fail "$file is still there"
same "$(probes)" ''

# Chosen ones, and the longest alone: what is written to such a file is under two mutexes more.
load lockstat top=3 filter="pid=$$"
echo 200 >$run
same "$(grep -c '"holds":' $file.json)" 3
row holders contended | grep -q '^1 ' || fail "$(cat $file)"
echo pid=1 >/sys/module/lockstat/parameters/filter
echo 200 >$run
row holders contended | grep -q '^1 ' || fail "$(cat $file)"
unload lockstat
# It is unloaded while a thread waits for the mutex.
load lockstat
echo 5000 >$run &
waits() {
	ps | grep -q '\[lockstat_target\]'
}
poll waits || fail "nobody waits"
unload lockstat
wait
unload lockstat_target
# For a few only.
load lockstat capacity=1
busybox true
[ "$(value 'no room')" -gt 0 ] || fail "$(cat $file)"
unload lockstat
refuse lockstat capacity=0
expect '^lockstat: capacity=0: it is 1 to 16777216'
refuse lockstat filter=x
[ ! -e /sys/kernel/debug/lockstat ] || fail "the directory is left"
