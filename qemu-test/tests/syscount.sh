# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# System calls of a program that knows how many it makes.
[ -e /modules/syscount.ko ] || skip "the kernel has no BTF, which names arguments"
file=/sys/kernel/debug/syscount/calls
filter=/sys/module/syscount/parameters/filter
# counts: each call and how often there was one, most frequent first.
counts() {
	awk '$1 == "calls:" { getline; next } NF == 6 { print $1, $2 }' $file | tr '\n' ' '
}
# is WANTED: a program is over before the thread that was it counts.
is() {
	[ "$(counts)" = "$1" ]
}
# Of two that are as frequent, the one with the lower number comes first.
both() {
	is 'exit 1 getpid 1 ' || is 'getpid 1 exit 1 '
}

load syscount filter=comm=calls
calls many
poll is 'getpid 1000 read 100 exit 1 ' || fail "counted '$(counts)': $(cat $file)"
awk '$1 == "getpid" { exit !($3 >= $2 * $5 && $3 <= $2 * $6 && $4 == int($3 / $2)) }' $file || fail "such times are none: $(cat $file)"
grep -q '^lost: 0$' $file || fail "$(tail -n 1 $file)"
grep -q '^{"call":"getpid","count":1000,"ns":[1-9][0-9]*,"average":' $file.json || fail "$(cat $file.json)"
# What is counted may change, and it may begin anew.
echo >$file
is '' || fail "not emptied: $(cat $file)"
echo comm=nobody >$filter
calls many
echo comm=calls >$filter
calls getpid
poll both || fail "counted '$(counts)': $(cat $file)"
unload syscount

# A caller with 32 bits has other numbers: this would be writev.
if [ "$(uname -m)" = x86_64 ]; then
	load syscount filter=comm=calls
	calls getpid_32
	poll grep -q '^\(20\|getpid\) (32-bit)  *1 ' $file || fail "$(cat $file)"
	unload syscount
fi

load syscount filter=comm=calls processes=1 top=2
calls many &
one=$!
calls many &
other=$!
wait
has() {
	grep -Eq "^ *$1  calls  getpid +1000 " $file
}
poll has $one && poll has $other || fail "not there for $one and $other: $(cat $file)"
same "$(wc -l <$file)" 6
unload syscount

# How long they take; also those that never return.
load syscount filter=comm=usleep
usleep 200000
awk '$1 ~ /nanosleep$/ && $2 == 1 && $3 >= 200000000 && $3 < 10000000000 { found = 1 } END { exit !found }' $file || fail "$(cat $file)"
echo comm=sleep >$filter
sleep 1000 &
sleeps() {
	grep -q sleep "/proc/$!/comm" && grep -q '^State:.S' "/proc/$!/status"
}
poll sleeps || fail "$! does not sleep"
echo >$file
kill -9 $!
wait $! || true
killed() {
	[ "$(counts)" = 'clock_nanosleep 1 ' ] || [ "$(counts)" = 'nanosleep 1 ' ]
}
poll killed || fail "counted '$(counts)': $(cat $file)"
unload syscount

# Of all.
load syscount
for _ in 1 2 3 4 5 6 7 8 9 10; do
	ls -l / >/dev/null
done
same "$(counts | wc -w)" 20
unload syscount

refuse syscount processes=some
[ ! -e /sys/kernel/debug/syscount ] || fail "the directory is left"
refuse syscount filter=pid=x
