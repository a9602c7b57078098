# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# More records than a reader can take, and then for ten seconds about as many as it can: each was read, or is known to be lost.
file=/sys/kernel/debug/stream/calls.bin

# push CALLS PAUSE BYTES: of each of two threads, into a stream that takes so much for each CPU.
push() {
	load stream capacity=$3
	stream read $file >/tmp/stream.reader &
	poll eval "ls -l /proc/$!/fd | grep -q $file"
	begin=$(cut -d' ' -f1 /proc/uptime)
	echo "2 $1 16 $2" >/sys/module/stream/parameters/run
	end=$(cut -d' ' -f1 /proc/uptime)
	unload stream
	wait
	found=$(tail -n 1 /tmp/stream.reader)
	rm /tmp/stream.reader
	echo "$1 $begin $end" | awk '{ print "stream_rate: " int(2 * $1 / ($3 - $2)) " records per second" }' >/dev/kmsg
	echo "stream_rate: $found" >/dev/kmsg
	echo "$found" | grep -q "^records [1-9].* all $((2 * $1)) .* disorder 0 wrong 0 end 0$" || fail "$found"
}

push 500000 0 65536
echo "$found" | grep -q ' lost [1-9]' || fail "nothing was lost: $found"
push 600000 1000 4194304
