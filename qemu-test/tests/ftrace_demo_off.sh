# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# With off=1 the recording stops as the module is loaded, so what led up to it is at the end of the buffer.
# A small buffer: the guest is slow, and all of it is read.
echo 64 >/sys/kernel/tracing/buffer_size_kb
for tracing in /sys/kernel/tracing /sys/kernel/debug/tracing; do
	echo >$tracing/trace
	echo function >$tracing/current_tracer
	load ftrace_demo off=1
	expect '^ftrace_demo: loaded, tracing is off$'
	same "$(cat $tracing/tracing_on)" 0
	# The other CPU may have gone on for the moment between the line and the end of the recording.
	tail -n 1000 $tracing/trace >/tmp/end
	grep -q ': ftrace_demo: loaded$' /tmp/end || fail "the line is not at the end of $tracing/trace: $(tail -n 3 /tmp/end)"
	[ "$(sed '/ftrace_demo: loaded/q' $tracing/trace | grep -c '<-')" -gt 100 ] || fail "what led up to it is not in $tracing/trace"
	lines=$(wc -l <$tracing/trace)
	unload ftrace_demo
	! grep -q 'ftrace_demo: unloaded' $tracing/trace || fail "recorded after it was stopped"
	same "$(wc -l <$tracing/trace)" "$lines"
	echo nop >$tracing/current_tracer
	echo 1 >$tracing/tracing_on
done
