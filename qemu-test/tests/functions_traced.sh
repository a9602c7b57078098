# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Function probes beside the kernel's tracers, and kprobes, at the same functions, whoever comes first.
run=/sys/kernel/debug/functions_target/run
calls() {
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		echo sleep >$run || fail "functions_target_sleep returns something else"
	done
}
# Ten calls were seen, for the number of times that is given.
seen() {
	unload functions
	same "$(log | grep -c '^functions: sleep: entries 10, returns 10, argument 21, value 42, wrong 0$')" "$1"
}
traced() {
	[ "$(grep -c functions_target_sleep $tracing/trace)" -ge 10 ] || fail "traced only $(grep -c functions_target_sleep $tracing/trace) calls"
	echo nop >$tracing/current_tracer
	echo >$tracing/trace
}
load functions_target
echo wake >$run
echo 'functions_target_*' >$tracing/set_ftrace_filter
times=0
for tracer in function function_graph; do
	grep -qw $tracer $tracing/available_tracers || fail "no tracer $tracer"
	# The tracer first, last, and gone before.
	echo $tracer >$tracing/current_tracer
	load functions what=sleep
	calls
	seen $((times + 1))
	traced
	load functions what=sleep
	echo $tracer >$tracing/current_tracer
	calls
	traced
	seen $((times + 2))
	times=$((times + 2))
	# One tracer saw the same as the probes: all of it, on functions of all kinds.
	echo $tracer >$tracing/current_tracer
	load functions
	unload functions
	load functions what=many
	unload functions
	echo nop >$tracing/current_tracer
done
echo >$tracing/set_ftrace_filter
same "$(log | grep -c '^functions: calls itself: entries 6, returns 6, argument 0, value 15, wrong 0$')" 2
same "$(log | grep -c '^functions: many: 1500 hit once and where it is said, wrong 0, left out 0$')" 2
same "$(log | grep -c '^functions: .* wrong [1-9]')" 0
# A kprobe and a kretprobe at the same entry, before and after.
load probe_set symbols=functions_target:functions_target_sleep
load kretprobe_example func=functions_target:functions_target_sleep
load functions what=sleep
calls
unload kretprobe_example
unload probe_set
seen $((times + 1))
expect '^probe_set: functions_target_sleep.*: 10 calls, 0 missed$'
load functions what=sleep
load kretprobe_example func=functions_target:functions_target_sleep
load probe_set symbols=functions_target:functions_target_sleep
calls
seen $((times + 2))
unload kretprobe_example
unload probe_set
same "$(log | grep -c '^probe_set: functions_target_sleep.*: 10 calls, 0 missed$')" 2
same "$(log | grep -c '^kretprobe_example: .*functions_target_sleep returned 42 and took')" 20
unload functions_target
same "$(probes)" ''
