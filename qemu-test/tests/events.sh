# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Events of all kinds: their format, how they print, filters, triggers, from all CPUs at once, and not while they are off.
events=$tracing/events/events
all=$events/all_kinds
hit=$events/hit

# The sum of a histogram.
hits() {
	sed -n 's/^    Hits: //p' $hit/hist
}
# Has the function called, on each CPU, and how many times that is.
run() {
	echo "$1" >/sys/module/events/parameters/run
	echo $(($1 * $(nproc)))
}

echo >$tracing/trace
load events
for file in enable filter format id trigger; do
	[ -e $all/$file ] || fail "there is no $all/$file"
done
# Whether a char is signed depends on the kernel.
same "$(sed -n 's/^\tfield:\(.*\);\toffset:.*;\tsize:\(.*\);\tsigned:\(.\);$/\1 \2 \3/p' $all/format | grep -v ' common_' |
	sed '/char/s/ .$//')" "s8 i8 1 1
s16 i16 2 1
s32 i32 4 1
s64 i64 8 1
long isize 8 1
u8 u8 1 0
u16 u16 2 0
u32 u32 4 0
u64 u64 8 0
unsigned long usize 8 0
u64 mask 8 0
bool type 1 0
char word[4] 4
u8 mac[6] 6 0
s16 words[3] 6 1
char comm[16] 16
void * at 8 0
__data_loc char[] path 4
__data_loc char[] c_str 4
__data_loc char[] text 4"

# ftrace does not see what records them, which it would call in turn.
same "$(grep -E '^(rprobes_event\.|trace_event_raw|perf_trace|__bpf_trace|__traceiter|__probestub|trace_raw_output).*\[events\]$' $tracing/available_filter_functions)" ''

# While it is off, nobody evaluates its fields.
calls=$(run 100)
same "$(grep -c 'hit: ' $tracing/trace)" 0
unload events
expect "^events: calls $calls, evaluated 0\$"

# How it prints.
load events
echo 'path == "/tmp/no file"' >$all/filter
echo 1 >$all/enable
[ ! -e '/tmp/no file' ]
cat '/tmp/no file' 2>/dev/null || true
cat '/tmp/another file' 2>/dev/null || true
# A text that is too long is cut off.
long=/tmp/$(printf '%0600d' 0)
echo 'path ~ "*00000"' >$all/filter
cat "$long" 2>/dev/null || true
echo 0 >$all/enable
text='i8=-1 i16=-32768 i32=-3 i64=-9223372036854775808 isize=-5 u8=255 u16=65535 u32=4294967295 u64=18446744073709551615'
text="$text usize=12 mask=0xabc000000000 type=1 word=four mac=00 1b ff 03 04 05 words={0x1,0xffff,0x3} comm=cat"
text="$text at=${syscall}openat+0x[0-9a-f]*/0x[0-9a-f]* path=/tmp/no file c_str=a string of C's text=\$"
same "$(grep -c ': all_kinds: ' $tracing/trace)" 2
grep -q ": all_kinds: $text" $tracing/trace || fail "$text: not as in $(grep all_kinds $tracing/trace)"
same "$(sed -n "s/.* path=\(\/tmp\/0.*\) c_str=.*/\1/p" $tracing/trace)" "$(echo "$long" | cut -c 1-511)"

# Filters: on numbers and texts, and none on what is not there.
for filter in 'i8 < 0 && u64 > 1000' 'word == "four"' 'comm ~ "ca*"' 'type == 1 && i64 < 0 && u32 == 4294967295'; do
	echo >$tracing/trace
	echo "$filter && path == \"/tmp/x\"" >$all/filter
	echo 1 >$all/enable
	cat /tmp/x 2>/dev/null || true
	echo "!($filter) && path == \"/tmp/x\"" >$all/filter
	cat /tmp/x 2>/dev/null || true
	echo 0 >$all/enable
	same "$filter $(grep -c ': all_kinds: ' $tracing/trace)" "$filter 1"
done
! echo 'nothing == 1' 2>/dev/null >$all/filter || fail 'a filter on a field that is not there'
echo 0 >$all/filter

# All CPUs at once: at the entry of the function, and where a breakpoint is.
for offset in 0 $past; do
	unload events
	load events offset=$((offset))
	echo 'hist:keys=on' >$hit/trigger 2>/dev/null || break
	calls=$(run 2000)
	same "$(hits)" "$calls"
	same "$(grep -c '^{ on: ' $hit/hist)" "$(nproc)"
	echo '!hist:keys=on' >$hit/trigger
	echo 'hist:keys=comm:vals=i32' >$all/trigger
	cat /tmp/x 2>/dev/null || true
	grep -q '^{ comm: cat ' $all/hist || fail "no cat in $(cat $all/hist)"
	echo '!hist:keys=comm:vals=i32' >$all/trigger
done
unload events
expect "^events: calls $calls, evaluated $calls\$"
echo >$tracing/trace
