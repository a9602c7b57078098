# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Stacks are stored once, whoever comes by, and printed as symbols.
files=/sys/kernel/debug/report
work=/tmp/report
mkdir -p $work
value() {
	sed -n "s/^$1: //p" "$2"
}

load report
expect '^report: 0x20000 stacks of 0x258: Some\(ENOMEM\)$' '^report: 0x80000000 stacks of 0x1: Some\(ENOMEM\)$' \
	'^report: 0x1 stacks of 0x10000000000: Some\(ENOMEM\)$' '^report: 0x4000000000000000 stacks of 0x4: Some\(ENOMEM\)$'
grep -q ';rprobes_report_left;rprobes_report_target 1000$' $files/own.folded || fail "$(cat $files/own.folded)"
# One path a thousand times, another one ten times, and one of each length from 1 to 20. The outermost frames are those of a
# system call.
own=$files/own.folded
same "$(sed -n 's/.*;rprobes_report_left;rprobes_report_target \([0-9]*\)$/\1/p' $own)" 1000
same "$(sed -n 's/.*;rprobes_report_right;rprobes_report_target \([0-9]*\)$/\1/p' $own)" 10
deep=$(grep -o '\(;rprobes_report_deep\)*;rprobes_report_target 1$' $own | awk -F ';' '{ print NF - 2 }' | sort -n)
same "$deep" "$(seq 20)"
same "$(wc -l <$own)" 22
[ "$(grep -c 'finit_module;.*;do_one_initcall;' $own)" = 22 ] || fail "$(cat $own)"
# The innermost first, with offsets; nothing of the handler.
awk '/^own:/ { f = 1 } f && / 1000$|^ *1000 *$/ { g = 1; next } g && !/^    / { exit } g' $files/own >$work/stack
head -n 1 $work/stack | grep -Eq '^    rprobes_report_target\+0x[0-9a-f]+/0x[0-9a-f]+ \[report\]$' || fail "$(cat $work/stack $files/own)"
sed -n 2p $work/stack | grep -Eq '^    rprobes_report_left\+0x[0-9a-f]+/0x[0-9a-f]+ \[report\]$' || fail "$(cat $work/stack)"
grep -Eq '^\{"stack":\["rprobes_report_target\+0x[0-9a-f/x]+ \[report\]","rprobes_report_left\+[^]]*\]".*\],"hits":1000\},$' $files/own.json ||
	fail "$(cat $files/own.json)"
same "$(value capacity $files/own) $(value refused $files/own)" '4096 0'
# 8 bytes for each of 2 + 32 words, and the buffers.
[ "$(value bytes $files/own)" -ge $((4096 * 34 * 8)) ] || fail "$(value bytes $files/own) bytes"
# A tracepoint.
awk '/^fork:/ { f = 1; next } f' $files/own >$work/fork
head -n 2 $work/fork | grep -Eq '^    (kernel_clone|copy_process)\+0x' || fail "$(cat $work/fork)"
! grep -q '\[report\]' $work/fork || fail "$(cat $work/fork)"

# Four readers store the same two thousand at once.
for reader in 1 2 3 4; do
	cat $files/race >$work/race$reader &
done
wait
for reader in 1 2 3 4; do
	same "$(tr '\n' ' ' <$work/race$reader)" 'wrong: 0 used: 2000 '
done

# A program whose functions say where they are: each frame is in one of them.
/bin/report stack /tmp/report-stack >$work/functions
frames=$(sed -n 's/^report;\(0x[0-9a-fx;]*\);[a-z_].* 1$/\1/p' $files/opens.folded | tr ';' '\n' | tac)
[ "$(echo "$frames" | wc -l)" -ge 4 ] || fail "$frames: $(cat $files/opens.folded)"
# of FRAME: the function that it is in, the last that begins before it.
of() {
	found=0
	while read -r function; do
		[ $((0x$function)) -gt $(($1)) ] || [ $((0x$function)) -le $((0x$found)) ] || found=$function
	done <$work/functions
	echo "$found"
}
same "$(for frame in $(echo "$frames" | head -n 4); do of "$frame"; done)" "$(cat $work/functions)"
# And then the kernel's.
grep -q "^report;.*;${syscall}openat;.*do_sys_openat2 1\$" $files/opens.folded || fail "$(cat $files/opens.folded)"
# While it lives, its frames are in its file; then they are addresses.
mkfifo $work/wait
/bin/report wait /tmp/report-wait <$work/wait >$work/functions &
exec 4>$work/wait
in_file() {
	pid=$(sed -n 's/^ *\([0-9]*\)$/\1/p' $files/opens | tail -n 1)
	[ "$pid" = "$1" ] && [ "$(grep -c '^    /bin/report+0x' $files/opens)" -ge 4 ]
}
poll in_file $! || fail "$(cat $files/opens)"
# The program is not moved, and its file is mapped from where its code is.
grep -Eq '^[0-9]+ /bin/report\+0x[0-9a-f]+(;/bin/report\+0x[0-9a-f]+){3,}$' $files/opens.folded || fail "$(cat $files/opens.folded)"
exec 4>&-
wait
! grep -q /bin/report+ $files/opens || fail "it is gone: $(cat $files/opens)"

# A name with a quote, a backslash, a line feed, a control character, a semicolon, and half a character.
/bin/report comm /tmp/report-comm
grep -qF '{"comm":"a\"b\\c\nd\u0007;é�","user":["0x' $files/opens.json || fail "$(cat $files/opens.json)"
grep -q '^a"b\\c\\nd\\x07;\\xc3\\xa9\\xc3 *1$' $files/opens || fail "$(cat $files/opens)"
unload report

# Room for four: the others are refused, and counted.
load report capacity=3
same "$(value capacity $files/own)" 4
[ "$(value refused $files/own)" -ge 17 ] || fail "$(cat $files/own)"
[ "$(wc -l <$files/own.folded)" -le 5 ] || fail "$(cat $files/own.folded)"
grep -Eq '^\[refused\] [0-9]+$' $files/own.folded || fail "$(cat $files/own.folded)"
unload report
refuse report capacity=0
# More than there is memory, more than there are numbers, and more than there are bytes.
for capacity in 268435456 8589934592 4611686018427387904 18446744073709551615; do
	refuse report capacity=$capacity
done
expect_no 'page allocation failure|vmalloc error|Out of memory'
rm -r $work
