# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load task_tracer
file=/sys/kernel/debug/task_tracer/tasks
same "$(cat $file)" "$(printf 'tasks:\nnothing recorded')"
(while [ ! -e /tmp/stop ]; do nothing=$(busybox true); done) &
busy=$!
sleep 100 &
idle=$!
echo "$busy $idle" >$file
column() {
	awk -v pid="$1" -v name="$2" 'NR == 2 { for (i = 1; i <= NF; i++) if ($i == name) n = i } $1 == pid { print $n }' $file
}
active() {
	[ "$(column $busy kmalloc)" -gt 0 ] && [ "$(column $busy kfree)" -gt 0 ] && [ "$(column $busy schedule)" -gt 3 ]
}
poll active || fail "nothing seen of $busy: $(cat $file)"
[ "$(column $busy bytes)" -ge "$(column $busy kmalloc)" ] || fail "less bytes than allocations: $(cat $file)"
# One that sleeps asks for nothing, once it has begun to sleep.
quiet() {
	before="$(column $idle kmalloc) $(column $idle schedule)" busier=$(column $busy kmalloc)
	until [ "$(column $busy kmalloc)" -gt "$busier" ]; do usleep 10000; done
	[ "$before" = "$(column $idle kmalloc) $(column $idle schedule)" ]
}
poll quiet || fail "a sleeping process is not quiet: $(cat $file)"
# Others in the place of those before, from 0.
echo $idle >$file
same "$(wc -l <$file)" 3
same "$(column $idle schedule)" 0
for bad in x -1 '1 2 3 4 5 6 7 8 9'; do
	! echo "$bad" >$file 2>/dev/null || fail "took '$bad'"
done
touch /tmp/stop
kill $idle
wait
rm /tmp/stop
# Whoever has it open keeps the module.
exec 3>$file
! rmmod task_tracer 2>/dev/null || fail 'unloaded while the file is open'
exec 3>&-
unload task_tracer
[ ! -e $file ] || fail "$file is still there"
same "$(probes)" ''
