# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# How long a disk takes, which takes 50 ms for each request, and as long again if that is of more than a page.
[ -e /modules/biolatency.ko ] || skip "the kernel has no BTF, which names arguments, or no disks"
file=/sys/kernel/debug/biolatency/usecs
# total OPERATION: how many there were, their sum, average, minimum and maximum.
total() {
	awk -v begin="usecs[rprobes0, $1]:" '
		$0 == begin { found = 1 } NF == 0 { found = 0 }
		found && $1 == "count" { print $2 + 0, $4 + 0, $6 + 0, $8 + 0, $10 + 0 }' $file
}
# in_histogram OPERATION
in_histogram() {
	awk -v begin="usecs[rprobes0, $1]:" '$0 == begin { found = 1; next } NF == 0 { found = 0 } found && $2 == ".." { n += $4 } END { print n + 0 }' $file
}
under_way() {
	grep -q "^under way: $1\$" $file
}
# near OPERATION COUNT MILLISECONDS: compares it with what the disk has, which begins a little earlier with a request. The timer of
# a disk in a slow guest may be early by some jiffies.
near() {
	same "$(in_histogram "$1")" "$2"
	total "$1" | awk -v count="$2" -v ms="$3" '{
		exit !(NF == 5 && $1 == count && $2 <= (ms + count) * 1000 && $2 >= ms * 750 && $4 >= 20000 && $5 <= $2)
	}' || fail "$2 times $1 in $3 ms were: $(cat $file)"
}

load biolatency disk=rprobes0
load biolatency_target
dd if=/dev/rprobes0 of=/dev/null bs=4k count=10 iflag=direct 2>/dev/null
dd if=/dev/zero of=/dev/rprobes0 bs=64k count=4 oflag=direct 2>/dev/null
poll under_way 0 || fail "not all is done: $(cat $file)"
read -r reads _ _ read_ms writes _ _ write_ms _ </sys/block/rprobes0/stat
same "$reads $writes" '10 4'
near read "$reads" "$read_ms"
near write "$writes" "$write_ms"
grep -q '^lost: [01]$' $file || fail "$(tail -n 1 $file)"
grep -q '^{"disk":"rprobes0","operation":"read","count":10,"sum":[0-9]*,.*"buckets":\[$' $file.json || fail "$(cat $file.json)"
echo >$file
same "$(total read)$(in_histogram write)" 0

# A request that takes longer than the module is there.
echo 2000 >/sys/module/biolatency_target/parameters/delay
dd if=/dev/rprobes0 of=/dev/null bs=4k count=1 iflag=direct 2>/dev/null &
poll under_way 1 || fail "not under way: $(cat $file)"
unload biolatency
load biolatency disk=rprobes1
wait
echo 0 >/sys/module/biolatency_target/parameters/delay
dd if=/dev/rprobes0 of=/dev/null bs=4k count=10 iflag=direct 2>/dev/null
# Neither one that was begun before, nor those of another disk.
same "$(total read)$(in_histogram read)" 0
under_way 0 || fail "of another disk: $(cat $file)"
unload biolatency
unload biolatency_target
