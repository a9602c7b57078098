# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
events=$tracing/kprobe_events
load kprobe_events what=fields
same "$(cat $events)" 'p:mine/fields kernel_clone comm=$comm u8=+0($arg1):u8 deep=+16(-8($arg1)):x32 user=+u4($arg2):s16 stack=$stack1 hz=@loops_per_jiffy:u64 text=+0(@saved_command_line):string at=+16($arg1):string where=$stack0:symbol'
echo >$tracing/trace
echo 1 >$tracing/events/mine/fields/enable
busybox true
grep -Eq ': fields: .* comm="run-tests|: fields: .* comm="sh"|: fields: .* comm="' $tracing/trace || fail "$(cat $tracing/trace)"
grep -q ' text=".*rprobes' $tracing/trace || fail "$(cat $tracing/trace)"
unload kprobe_events
same "$(cat $events)$(probes)" ''

# Elsewhere: inside a function, and in one that shares its name.
load kprobe_events what=plain "symbol=kernel_clone+$past"
grep -Eq '^p:mine/plain kernel_clone\+[0-9]+$' $events || fail "$(cat $events)"
unload kprobe_events
same "$(cat $events)" ''
# The kernel's tracing has a function of that name, too, which cannot be traced.
found=
for n in 1 2 3; do
	[ -n "$found" ] || ! insmod /modules/kprobe_events.ko what=plain "symbol=s_next#$n" 2>/dev/null || found=$n
done
[ -n "$found" ] || fail "none of the functions s_next"
grep -Eq '^p:mine/plain 0x[0-9a-f]+$' $events || fail "$(cat $events)"
unload kprobe_events
same "$(cat $events)" ''
load kprobe_events what=plain symbol=_do_fork
same "$(cat $events)" 'p:mine/plain kernel_clone'
unload kprobe_events

# What this module has enabled does not keep it.
load kprobe_events what=enabled
expect '^kprobe_events: Profile \{ hits: 0, missed: 0 \}$'
busybox true
awk '$1 == "plain" && $2 > 0' $tracing/kprobe_profile | grep -q . || fail "$(cat $tracing/kprobe_profile)"
unload kprobe_events
same "$(cat $events)$(ls $tracing/instances)$(probes)" ''

# What was leaked goes, too.
load kprobe_events what=leak
same "$(cat $events)" 'p:mine/plain kernel_clone'
unload kprobe_events
expect '^kprobe_events: the event mine/plain was leaked \(.*\); removing it$' '^kprobe_events: the trace instance mine was leaked \(.*\); removing it$'
same "$(cat $events)$(ls $tracing/instances)$(probes)" ''

# What somebody else has enabled does.
mkdir $tracing/instances/theirs
load kprobe_events what=plain
echo 1 >$tracing/instances/theirs/events/mine/plain/enable
unload kprobe_events
expect "^kprobe_events: the event mine/plain stays: it is in use .*; echo '-:mine/plain' >>/sys/kernel/tracing/kprobe_events removes it later \(-EBUSY, -16\)$"
same "$(cat $events)" 'p:mine/plain kernel_clone'
refuse_event() {
	! insmod /modules/kprobe_events.ko "$@" 2>/dev/null || fail "$*: should have been refused"
}
# And so the name is taken.
refuse_event what=plain
expect '^kprobe_events: no event mine/plain: there is an event of that name; give it another one, or a group of its own \(-EEXIST, -17\)$'
rmdir $tracing/instances/theirs
echo '-:mine/plain' >>$events

# Removed by somebody else: no matter.
load kprobe_events what=plain
echo '-:mine/plain' >>$events
unload kprobe_events
expect_no 'stays: .*ENOENT'

# What the kernel refuses, in its words.
refuse kprobe_events what=same
refuse kprobe_events what=register
expect '^kprobe_events: no event mine/plain: Invalid register name: "p:mine/plain kernel_clone x=%nosuch", character 29: "%nosuch" \(-EINVAL, -22\)$'
refuse kprobe_events what=name
expect '^kprobe_events: no event mine/two words: "two words" is not a name \(-EINVAL, -22\)$'
refuse kprobe_events what=field
expect '^kprobe_events: no event mine/plain: "two words" is not a name$'
refuse kprobe_events what=dash
expect '^kprobe_events: no event mine/a-b: Event name must follow the same rules as C identifiers: "p:mine/a-b kernel_clone", character 8: "a-b kernel_clone" \(-EINVAL, -22\)$'
refuse kprobe_events what=deep
expect '^kprobe_events: no event mine/plain: x is behind more than 8 pointers$'
refuse kprobe_events what=retval
expect '^kprobe_events: no event mine/plain: [^"]*: "p:mine/plain kernel_clone x=\$retval", character [0-9]+: ".*retval" \(-EINVAL, -22\)$'
refuse kprobe_events what=plain symbol="$noinstr"
load kprobe_events what=filter
expect '^kprobe_events: the event mine/plain: Field not found: "x == 1 && nosuch == 2", character 18: "== 2" \(-EINVAL, -22\)$' '^kprobe_events: filter: Err\(EINVAL\)$'
same "$(cat $tracing/events/mine/plain/filter)" none
unload kprobe_events
load kprobe_events what=hist
expect '^kprobe_events: the event mine/plain: .*"hist:keys=nosuch".* \(-EINVAL, -22\)$' '^kprobe_events: hist: Err\(EINVAL\)$'
unload kprobe_events
same "$(cat $events)$(probes)" ''
