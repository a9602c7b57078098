# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The sample: who opens what.
echo >$tracing/trace
echo hello >/tmp/opened
load kprobe_event
cat /tmp/opened >/dev/null
! cat /tmp/nosuch 2>/dev/null
entry='cat-[0-9]+ .*: myprobe: \(do_sys_openat2\+0x[0-9a-f]+/0x[0-9a-f]+\)'
ret='cat-[0-9]+ .*: myretprobe: \([a-z_0-9]+\+0x[0-9a-f]+/0x[0-9a-f]+ <- do_sys_openat2\)'
traced() {
	poll grep -Eq -- "$1" $tracing/trace || fail "not in the trace buffer: $1: $(grep -E 'my(ret)?probe' $tracing/trace | tail -n 20)"
}
# O_LARGEFILE differs: the flags are those of the architecture.
traced "$entry dfd=-100 filename=\"/tmp/opened\" flags=0x[0-9a-f]+ mode=0x0$"
traced "$ret ret=3$"
traced "$entry dfd=-100 filename=\"/tmp/nosuch\" flags="
traced "$ret ret=-2$"
same "$(cat $tracing/events/kprobes/myprobe/enable $tracing/events/kprobes/myretprobe/enable)" "1
1"
awk '$1 == "myprobe" && $2 > 1 && $3 == 0' $tracing/kprobe_profile | grep -q . || fail "$(cat $tracing/kprobe_profile)"
unload kprobe_event
expect '^kprobe_event: myprobe: [1-9][0-9]* hits, 0 missed$' '^kprobe_event: myretprobe: [1-9][0-9]* hits, 0 missed$'
same "$(cat $tracing/kprobe_events)$(probes)" ''
[ ! -e $tracing/events/kprobes ] || fail 'the events are still there'

# With a filter, stacks and a histogram.
echo >$tracing/trace
load kprobe_event 'filter=filename~"*opened"&&dfd==-100' stacktrace=1 hist=keys=common_pid
cat /tmp/nosuch 2>/dev/null || cat /tmp/opened >/dev/null
traced "$entry .* filename=\"/tmp/opened\""
! grep -q 'filename="/tmp/nosuch"' $tracing/trace || fail 'recorded what the filter leaves out'
traced '^.* <stack trace>$'
grep -Eq '=> (__(x64|arm64)_sys_openat|do_sys_openat2)' $tracing/trace || fail "no stack: $(cat $tracing/trace)"
grep -Eq 'common_pid: .*hitcount: +[1-9]' $tracing/events/kprobes/myprobe/hist || fail "$(cat $tracing/events/kprobes/myprobe/hist)"
unload kprobe_event
same "$(cat $tracing/kprobe_events)$(probes)" ''
rm /tmp/opened

refuse kprobe_event symbol=no_such_function
expect '^kprobe_event: no probe at no_such_function: no such function'
# A filter that is refused: everything is taken back.
refuse kprobe_event filter=nosuch==1
expect '^kprobe_event: the event kprobes/myprobe: Field not found: "nosuch==1", character 8: "=1" \(-EINVAL, -22\)$'
same "$(cat $tracing/kprobe_events)" ''
