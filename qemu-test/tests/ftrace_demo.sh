# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Under both paths: that of today, and that of old tutorials.
for tracing in /sys/kernel/tracing /sys/kernel/debug/tracing; do
	echo >$tracing/trace
	load ftrace_demo
	expect '^ftrace_demo: loaded, tracing is on$'
	unload ftrace_demo
	grep -q 'insmod-[0-9]* .*: ftrace_demo: loaded$' $tracing/trace || fail "nothing of the load in $tracing/trace"
	grep -q 'rmmod-[0-9]* .*: ftrace_demo: unloaded$' $tracing/trace || fail "nothing of the unload in $tracing/trace"
	same "$(cat $tracing/tracing_on)" 1
done
