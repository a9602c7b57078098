# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A million records from four CPUs, with readers that are fast, slow, and killed: for each, what it has read and what was lost is
# all that was pushed.
dir=/sys/kernel/debug/stream
file=$dir/calls.bin
load stream capacity=1048576
stream read $file >/tmp/stream.fast &
stream read $file 20000 >/tmp/stream.slow &
stream poll $file >/tmp/stream.poll &
stream read $file 1000 >/tmp/stream.killed &
killed=$!
poll eval "ls -l /proc/$killed/fd | grep -q $dir/"
begin=$(cut -d' ' -f1 /proc/uptime)
echo 4 125000 0 500 >/sys/module/stream/parameters/run
kill -9 $killed
wait $killed || true
echo 4 125000 -1 500 >/sys/module/stream/parameters/run
end=$(cut -d' ' -f1 /proc/uptime)
echo "$begin $end" | awk '{ print "stream_load: " int(1000000 / ($2 - $1)) " records per second" }' >/dev/kmsg
# Nobody has read these.
stream read $file >/tmp/stream.late &
poll eval "ls -l /proc/$!/fd | grep -q $dir/"
unload stream
wait
expect '^stream: 1000000 pushed, 0 refused, '
for reader in fast poll slow late; do
	echo "stream_load: $reader: $(tail -n 1 /tmp/stream.$reader)" >/dev/kmsg
done
# Who has read to the end, knows of all.
for reader in fast poll; do
	grep -q '^records .* all 1000000 .* disorder 0 .* end 0$' /tmp/stream.$reader || fail "$reader: $(cat /tmp/stream.$reader)"
done
for reader in slow late; do
	grep -q '^records .* lost [1-9].* disorder 0 .* end -*[05]$' /tmp/stream.$reader || fail "$reader: $(cat /tmp/stream.$reader)"
done
rm /tmp/stream.*
