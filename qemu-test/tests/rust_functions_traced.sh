# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# ftrace sees the functions of a module's own crate, by names that one can type, and nothing else of what is in the module.
# Loads and unloads ftrace_demo while that tracer works. The trace is read in between, and afterwards, when the kernel has
# forgotten the names: so that of the function which ran then is put in.
load_and_unload() {
	# May be said before there is such a module, and holds for the one that comes next. Then all is traced again, slowly.
	echo ':mod:ftrace_demo' >$tracing/set_ftrace_filter
	echo "$1" >$tracing/current_tracer
	load ftrace_demo
	# It is alone in its section, behind what functions are padded with; and ftrace calls from a few bytes into a function.
	text=$(cat /sys/module/ftrace_demo/sections/.exit.text) drop=$(address ftrace_demo_FtraceDemo_drop)
	for at in 0 4 8 12 16 20 24; do
		printf 's/0x%x\>/ftrace_demo_exit/g\n' $((text + at))
		# The compiler may have left it by itself.
		[ -z "$drop" ] || printf 's/0x%x\>/ftrace_demo_FtraceDemo_drop/g\n' $((0x$drop + at))
	done >/tmp/names
	cat $tracing/trace >/tmp/loaded
	echo >$tracing/trace
	unload ftrace_demo
	echo 0 >$tracing/tracing_on
	sed -f /tmp/names $tracing/trace >/tmp/unloaded
	echo nop >$tracing/current_tracer
	echo >$tracing/set_ftrace_filter
	echo >$tracing/trace
	echo 1 >$tracing/tracing_on
	trace=$(cat /tmp/loaded /tmp/unloaded | sed '/^#/d; s/ \[ftrace_demo\]//')
	rm /tmp/names /tmp/loaded /tmp/unloaded
}
in_order() {
	rest=$trace
	for line; do
		case $rest in
		*"$line"*) rest=${rest#*"$line"} ;;
		*) fail "not there, or not in this order: $line in: $trace" ;;
		esac
	done
}
# The kernel switches tracing off for good where it does not find what it expects.
works() {
	expect_no 'ftrace failed to modify|ftrace bug|Misaligned'
	same "$(cat /proc/sys/kernel/ftrace_enabled)" 1
}

# Of modules that are loaded. The list is long, so it is read once.
modules='ftrace_demo kprobe_example kretprobe_example fprobe_glob probe_set rbtree_probe histogram rewrite_regs task_tracer'
for module in $modules; do
	load $module
done
sed -n 's/^\([^ ]*\) \[\(.*\)\]$/\2 \1/p' $tracing/available_filter_functions >/tmp/seen
for module in $modules; do
	unload $module
	functions=$(sed -n "s/^$module //p" /tmp/seen)
	echo "$functions" | grep -qx "${module}_exit" || fail "${module}_exit is not seen: $functions"
	# Neither handlers, nor trampolines, nor the helpers in C, nor what else rprobes has in a module.
	others=$(echo "$functions" | grep -v "^${module}_" || true)
	same "$others" ''
	! echo "$functions" | grep -Eq '_(pre|post|fault|entry|ret)$' || fail "handlers of $module are seen: $functions"
done
# What ran when it was loaded is gone.
found=$(sed -n '/_init$/!s/^ftrace_demo //p' /tmp/seen | sort | tr '\n' ' ')
same "$found" 'ftrace_demo_FtraceDemo_drop ftrace_demo_exit ftrace_demo_prepare ftrace_demo_step '
rm /tmp/seen
works

load_and_unload function
in_order 'ftrace_demo_init <-do_one_initcall' 'ftrace_demo_FtraceDemo_init <-ftrace_demo_init' \
	'ftrace_demo_prepare <-' 'ftrace_demo_step <-ftrace_demo_prepare' ': ftrace_demo: step 1' \
	'ftrace_demo_step <-' ': ftrace_demo: step 2' ': ftrace_demo: the sum is 14' ': ftrace_demo: loaded' 'ftrace_demo_exit <-' ': ftrace_demo: unloaded'
same "$(echo "$trace" | grep '<-' | grep -vc 'ftrace_demo_.*<-')" 0
same "$(echo "$trace" | grep -c 'ftrace_demo_step <-')" 3
# The module comes again.
for _ in first second; do
	load_and_unload function_graph
	in_order 'ftrace_demo_init() {' 'ftrace_demo_FtraceDemo_init() {' 'ftrace_demo_prepare() {' \
		'ftrace_demo_step() {' '/* ftrace_demo: step 1 */' '}' 'ftrace_demo_step() {' '/* ftrace_demo: step 2 */' \
		'/* ftrace_demo: the sum is 14 */' '/* ftrace_demo: loaded */' 'ftrace_demo_exit() {' '/* ftrace_demo: unloaded */' '}'
done
works

# One function of them.
echo 'ftrace_demo_s*:mod:ftrace_demo' >$tracing/set_ftrace_filter
echo function >$tracing/current_tracer
load ftrace_demo
same "$(grep '<-' $tracing/trace | grep -vc 'ftrace_demo_step <-')" 0
same "$(grep -c '<-' $tracing/trace)" 3
unload ftrace_demo
echo nop >$tracing/current_tracer
echo >$tracing/set_ftrace_filter
echo >$tracing/trace

# Probes find them by these names, too.
load when_loaded symbol=ftrace_demo:ftrace_demo_step
load ftrace_demo
! $by_ftrace || probes | grep -q 'ftrace_demo_step+.*\[FTRACE\]' || fail "not by ftrace: $(probes)"
load fprobe_glob functions=ftrace_demo:ftrace_demo_s*
expect '^fprobe_glob: counting calls of 1 functions by [a-z ]+, 0 were left out$'
unload fprobe_glob
# A function that has two names is one.
load fprobe_glob functions=ftrace_demo:*Module4init,ftrace_demo:ftrace_demo_FtraceDemo_init
same "$(log | grep -c '^fprobe_glob: counting calls of 1 functions by ')" 2
unload fprobe_glob
unload ftrace_demo
unload when_loaded
expect '^when_loaded: unloaded: hits 3 \(Waiting\), missed None; returned 14 in all$'
works
