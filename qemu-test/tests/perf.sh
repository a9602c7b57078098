# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# perf knows events of probes, counts, records and prints them, and traces functions of modules.
shows() {
	grep -Eq -- "$1" /tmp/said || fail "perf should say: $1; it says: $(tail -n 20 /tmp/said)"
}
load functions_target
echo wake >/sys/kernel/debug/functions_target/run
run='echo sleep >/sys/kernel/debug/functions_target/run'
echo 'p:kprobes/rprobes_open do_sys_openat2 path=+0($arg2):ustring' >$tracing/kprobe_events
echo 'r:kprobes/rprobes_slept functions_target:functions_target_sleep value=$retval' >>$tracing/kprobe_events

perf list 'kprobes:*' >/tmp/said 2>&1 || fail "perf list: $(cat /tmp/said)"
shows '^ *kprobes:rprobes_open +\[Tracepoint event\]$'
perf stat -a -e kprobes:rprobes_slept sh -c "$run; $run" >/tmp/said 2>&1 || fail "perf stat: $(cat /tmp/said)"
shows '^ *2 +kprobes:rprobes_slept'
# Without the build IDs of all files that were seen.
perf record -q -BN -a -o /tmp/perf.data -e 'kprobes:rprobes_*' sh -c "cat /proc/version; $run" >/tmp/said 2>&1 ||
	fail "perf record: $(cat /tmp/said)"
perf script -i /tmp/perf.data >/tmp/said 2>&1 || fail "perf script: $(cat /tmp/said)"
rm /tmp/perf.data
shows '^ *cat +[0-9]+ .*kprobes:rprobes_open: .* path="/proc/version"$'
shows '^ *sh +[0-9]+ .*kprobes:rprobes_slept: .* value=0x2a$'
perf trace -e kprobes:rprobes_slept sh -c "$run" >/tmp/said 2>&1 || fail "perf trace: $(cat /tmp/said)"
shows 'kprobes:rprobes_slept\(.*value: 42'
perf ftrace trace -T 'functions_target_sle*' sh -c "$run; /sbin/insmod /modules/ftrace_demo.ko" >/tmp/said 2>&1 || fail "perf ftrace: $(cat /tmp/said)"
shows ': functions_target_sleep <-run_write$'
shows ': ftrace_demo: loaded$'
unload ftrace_demo
echo >$tracing/kprobe_events
unload functions_target

# Events that modules have, and make. perf keeps a module whose events it has.
load trace_event
load kprobe_event filter='filename=="/proc/version"'
perf record -q -BN -a -o /tmp/perf.data -e trace_event:file_read --filter 'comm == "wc"' -e kprobes:myprobe -e kprobes:myretprobe wc /proc/version >/tmp/said 2>&1 ||
	fail "perf record: $(cat /tmp/said)"
perf script -i /tmp/perf.data >/tmp/said 2>&1 || fail "perf script: $(cat /tmp/said)"
rm /tmp/perf.data
shows '^ *wc +[0-9]+ .*trace_event:file_read: pid=[0-9]+ comm=wc bytes=[0-9]+ caller='
shows '^ *wc +[0-9]+ .*kprobes:myprobe: .* dfd=-100 filename="/proc/version" flags='
shows '^ *wc +[0-9]+ .*kprobes:myretprobe: .* ret=3$'
unload kprobe_event
unload trace_event

# Functions of a Rust module.
load fprobe_glob functions=vfs_write
perf ftrace trace -T 'fprobe_glob_*' cat /sys/kernel/debug/fprobe_glob/calls >/tmp/said 2>&1 || fail "perf ftrace: $(cat /tmp/said)"
unload fprobe_glob
shows ': fprobe_glob_[A-Za-z_]+ <-'
rm /tmp/said
# perf ftrace leaves the recording off.
echo 1 >$tracing/tracing_on
