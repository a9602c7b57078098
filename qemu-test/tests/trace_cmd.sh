# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# trace-cmd records what modules write into the trace, their events, events at their functions, and these functions, and reports it.
shows() {
	grep -Eq -- "$1" /tmp/report || fail "not in trace-cmd's report: $1; it has: $(tail -n 20 /tmp/report)"
}
load functions_target
echo wake >/sys/kernel/debug/functions_target/run
echo 'p:kprobes/rprobes_open do_sys_openat2 path=+0($arg2):ustring' >$tracing/kprobe_events
echo 'r:kprobes/rprobes_slept functions_target:functions_target_sleep value=$retval' >>$tracing/kprobe_events
# What comes and goes meanwhile, and what is called. All symbols of the kernel are in the file: to compress them takes long.
trace-cmd record -q --compression none -o /tmp/trace.dat -e rprobes_open -f 'path ~ "/modules/*"' -e rprobes_slept -p function -l 'functions_target_sle*' \
	sh -c '/sbin/insmod /modules/ftrace_demo.ko; echo sleep >/sys/kernel/debug/functions_target/run; /sbin/rmmod ftrace_demo' ||
	fail "trace-cmd record"
trace-cmd report -q -i /tmp/trace.dat >/tmp/report || fail "trace-cmd report"
rm /tmp/trace.dat
shows '^ *insmod-.*: rprobes_open: .* path="/modules/ftrace_demo.ko"$'
shows '^ *insmod-.*: b?(print|puts): .*ftrace_demo: loaded$'
shows ': function: +functions_target_sleep <-- '
shows ': rprobes_slept: .* value=0x2a$'
shows '^ *rmmod-.*: b?(print|puts): .*ftrace_demo: unloaded$'
echo >$tracing/kprobe_events
unload functions_target

# Events that modules have, and make, and functions of a Rust module. What reads all symbols takes so long that trace-cmd's
# recorders are there before it ends.
load trace_event
load kprobe_event filter='filename=="/proc/version"'
load fprobe_glob functions=vfs_write
trace-cmd record -q --compression none -o /tmp/trace.dat -e trace_event:file_read -f 'comm == "wc"' -e kprobes:myprobe -e kprobes:myretprobe \
	-p function -l 'fprobe_glob_*' sh -c 'wc /proc/version; cat /sys/kernel/debug/fprobe_glob/calls; wc /proc/kallsyms' >/dev/null ||
	fail "trace-cmd record"
trace-cmd report -q -i /tmp/trace.dat >/tmp/report || fail "trace-cmd report"
rm /tmp/trace.dat
unload fprobe_glob
unload kprobe_event
unload trace_event
shows '^ *wc-.*: file_read: +pid=[0-9]+ comm=wc bytes=[0-9]+ caller='
shows '^ *wc-.*: myprobe: .* dfd=-100 filename="/proc/version" flags='
shows '^ *wc-.*: myretprobe: .* ret=3$'
shows '^ *cat-.*: function: +fprobe_glob_[A-Za-z_]+'
rm /tmp/report
