# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
mine=$tracing/instances/mine
echo >$tracing/trace
load tracing what=instance
expect '^tracing: instance is on: false, all are on: true$' '^tracing: formatted 0 times$' \
	'^tracing: sched:no_such_event is not enabled in the trace instance mine: there is no such event \(-EINVAL, -22\)$' '^tracing: no event: Err\(EINVAL\)$'
same "$(cat $mine/tracing_on)" 1
# As much as was asked for, in whole pages with their headers.
size=$(cat $mine/buffer_size_kb)
[ "$size" -ge 64 ] && [ "$size" -lt 72 ] || fail "it has $size KB"
same "$(cat $mine/events/sched/sched_process_fork/enable)" 1
same "$(cat $tracing/events/sched/sched_process_fork/enable)" 0
busybox true
grep -q ': sched_process_fork: ' $mine/trace || fail 'no event in the instance'
! grep -q ': sched_process_fork: ' $tracing/trace || fail 'an event outside of the instance'
unload tracing
[ ! -e $mine ] || fail 'the instance is still there'

# What it has printed, read before it goes; resizing loses it. One that there was stays, and two share one.
mkdir $mine
load tracing what=twice
grep -q 'insmod-.*: by the first$' $mine/trace || fail "not in the instance: $(cat $mine/trace)"
unload tracing
[ -e $mine ] || fail 'an instance of the user was removed'
rmdir $mine

load tracing what=twice
expect '^tracing: the trace instance mine stays, as it is in use .*; rmdir /sys/kernel/tracing/instances/mine removes it later \(-EBUSY, -16\)$'
unload tracing
rmdir $mine

# In use when it is dropped.
load tracing what=instance
exec 9<$mine/trace
unload tracing
expect '^tracing: the trace instance mine stays, as it is in use .*; rmdir /sys/kernel/tracing/instances/mine removes it later \(-EBUSY, -16\)$'
same "$(cat $mine/events/sched/sched_process_fork/enable)" 0
exec 9<&-
rmdir $mine

# Leaked, and made by a module that does not load after all.
load tracing what=leak
same "$(cat $mine/events/sched/sched_process_fork/enable)" 1
unload tracing
expect '^tracing: the trace instance mine was leaked \(.*\); removing it$'
[ ! -e $mine ] || fail 'the leaked instance is still there'
refuse tracing what=fail
expect '^tracing: the trace instance mine does not get 0 KB for each CPU: the kernel refuses \(-EINVAL, -22\)$'
[ ! -e $mine ] || fail 'the instance of a module that was not loaded is still there'

# Bad names.
for bad in '' a/b . ..; do
	refuse tracing what=twice "instance=$bad"
	expect "^tracing: no trace instance \"$bad\": a directory is called like it, so it must not be empty, nor have a slash in it$"
done
long=$(printf '%300s' '' | tr ' ' x)
refuse tracing what=twice "instance=$long"
expect "^tracing: no trace instance \"$long\": .* too long$"
same "$(ls $tracing/instances)" ''
