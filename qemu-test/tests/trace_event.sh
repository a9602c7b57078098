# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The sample's event: nothing while it is off, a line for each read while it is on, and a filter.
event=$tracing/events/trace_event/file_read
lines() {
	grep -c ": file_read: pid=[0-9]* comm=$1 bytes=$2 caller=.*+0x" $tracing/trace || true
}
echo >$tracing/trace
load trace_event
busybox cat /proc/version >/dev/null
same "$(grep -c ' file_read: ' $tracing/trace)" 0
echo 'bytes > 10 && comm == "busybox"' >$event/filter
echo 1 >$event/enable
busybox cat /proc/version >/dev/null
busybox head -c 3 /proc/version >/dev/null
echo 0 >$event/enable
bytes=$(busybox cat /proc/version | wc -c)
[ "$(lines busybox "$bytes")" = 1 ] || fail "not one line for the read of $bytes bytes: $(grep ' file_read: ' $tracing/trace)"
# The end of the file is a read of 0 bytes.
same "$(lines busybox '[0-9]')" 0
same "$(lines '[a-z]*' '[0-9-]*')" "$(grep -c ' file_read: ' $tracing/trace)"
unload trace_event
[ ! -e $event ] || fail 'the event is still there'
echo >$tracing/trace
