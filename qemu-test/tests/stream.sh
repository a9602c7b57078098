# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A stream, as text and in binary: what is pushed is read, in order, by several readers, in all ways of waiting.
dir=/sys/kernel/debug/stream
run() { echo "$*" >/sys/module/stream/parameters/run; }
# Starts a reader in the background, and waits until it has the file open.
reader() {
	stream "$@" >"/tmp/stream.$1" 2>&1 &
	pid=$!
	poll eval "ls -l /proc/$pid/fd | grep -q $dir/"
}

load stream
same "$(find $dir -type f | sort | xargs)" "$dir/calls $dir/calls.bin"
same "$(stat -c %a $dir/calls $dir/calls.bin | xargs)" '400 400'

# What is in the buffer when a reader comes, and what comes while it waits; each reader gets all of it.
run 1 2 0 0
cat $dir/calls >/tmp/stream.a &
reader read $dir/calls.bin
reader poll $dir/calls.bin
reader epoll $dir/calls.bin
run 2 3 -1 0
run 1 1 30 0
poll eval "grep -q ' a\{30\}$' /tmp/stream.a" || fail "$(cat /tmp/stream.a)"
cat $dir/calls >/tmp/stream.b &
run 1 1 3 0
poll eval "grep -q ' aaa$' /tmp/stream.b" || fail "$(cat /tmp/stream.b)"
unload stream
wait
cmp /tmp/stream.a /tmp/stream.b || fail "$(cat /tmp/stream.a /tmp/stream.b)"
same "$(awk '{ print $3, $4, $5 }' /tmp/stream.a | sort | xargs)" \
	"$(printf '%s\n' '0 0' '0 0' '0 0 aaa' '0 0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' '0 1' '0 1 b' '0 2 cc' '1 0' '1 1 b' '1 2 cc' | sort | xargs)"
awk '$1 < last { exit 1 } { last = $1 }' /tmp/stream.a || fail "$(cat /tmp/stream.a)"
for how in read poll epoll; do
	# Numbers start anew with each run, which the program takes for wrong.
	grep -q '^records 10 lost 0 .* disorder 0 wrong [0-9]* end 0$' /tmp/stream.$how || fail "$how: $(cat /tmp/stream.$how)"
	same "$(sed '/^records/,$d' /tmp/stream.$how | xargs)" 'Call thread 0 4 u32 odd 4 3 [u8; 3] flags 7 1 i8 number 8 8 u64'
done
expect '^stream: 10 pushed, 0 refused, [0-9]+ bytes$'

# Each of those who would share a wakeup is woken, as each has all of the stream.
load stream
reader exclusive $dir/calls.bin
poll grep -q ready /tmp/stream.exclusive
run 1 1 0 0
wait $pid
same "$(xargs </tmp/stream.exclusive)" 'ready seen 2'
unload stream

# Reads that have no room for a line, or a record, give it in parts.
load stream
run 1 20 -1 0
dd if=$dir/calls bs=7 count=60 2>/dev/null >/tmp/stream.a
dd if=$dir/calls bs=4096 count=1 2>/dev/null | head -c "$(wc -c </tmp/stream.a)" >/tmp/stream.b
cmp /tmp/stream.a /tmp/stream.b || fail "$(cat /tmp/stream.a /tmp/stream.b)"
dd if=$dir/calls.bin bs=5 count=60 2>/dev/null >/tmp/stream.a
dd if=$dir/calls.bin bs=4096 count=1 2>/dev/null | head -c "$(wc -c </tmp/stream.a)" >/tmp/stream.b
cmp /tmp/stream.a /tmp/stream.b || fail "$(hexdump -C /tmp/stream.a)"
unload stream

# Who may read.
mount -o remount,mode=755 /sys/kernel/debug
load stream
same "$(stream as 65534 $dir/calls)" 'open -13'
unload stream
load stream mode=292
same "$(stream as 65534 $dir/calls)" 'open 3'
unload stream
mount -o remount,mode=700 /sys/kernel/debug

# Pushes in the middle of pushes: they are done first, and others may read the clock, too.
load stream nested=200
rm -f /tmp/stream.a
cat $dir/calls >/tmp/stream.a &
poll eval "grep -q ' 0 199$' /tmp/stream.a"
unload stream
wait
expect '^stream: [0-9]+ pushed, 0 refused, '
awk '$3 == 1000 { inner++ } $3 == 0 { if (!inner || $4 != outer++) exit 1; inner = 0 } END { if (outer != 200) exit 1 }' \
	/tmp/stream.a || fail "$(head -n 30 /tmp/stream.a)"
awk '$1 < last { exit 1 } { last = $1 }' /tmp/stream.a || fail "not in order of time"

# Who reads would wait for itself, so that is refused.
load stream drops=1
same "$(dd if=$dir/last bs=4096 count=1 2>/dev/null | xargs)" '1 drops 1 2 drops 0'
expect '^stream: a stream was dropped by the function that writes its lines'
unload stream

# What is refused.
load stream misuse=1
expect '^stream: no stream "refused": it needs a capacity' '^stream: capacity 0x0: Some\(EINVAL\)$' \
	'^stream: capacity 0x20000000: Some\(ENOMEM\)$' \
	'^stream: capacity 0x10000000000: Some\(ENOMEM\)$' '^stream: capacity 0x4000000000000000: Some\(ENOMEM\)$' \
	'^stream: 65536 bytes behind: Some\(EINVAL\)$' '^stream: no name: true$' '^stream: a path: true$' \
	'^stream: no stream "calls": there is such a file already' '^stream: a name that exists: Some\(EEXIST\)$' \
	'^stream: another one: Some\(EEXIST\)$' '^stream: once more: None$'
same "$(find $dir -type f | sort | xargs)" "$dir/calls $dir/calls.bin"
unload stream
[ ! -e $dir ] || fail "$dir is still there"
rm /tmp/stream.*
