# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The reader sleeps in the probed function while the module is unloaded; its return goes where it should.
load kretprobe_example func=vfs_read
rm -f /tmp/fifo /tmp/fifo.read
mkfifo /tmp/fifo
cat /tmp/fifo >/tmp/fifo.read &
exec 5>/tmp/fifo
echo first >&5
poll grep -q first /tmp/fifo.read || fail "the reader does not read"
unload kretprobe_example
expect 'unregistered$'
echo second >&5
exec 5>&-
wait
grep -q second /tmp/fifo.read || fail "the reader is gone"
# And one that never returns, as its task is killed inside.
load kretprobe_example func=vfs_read
cat /tmp/fifo >/tmp/fifo.read &
reader=$!
exec 5>/tmp/fifo
kill -9 $reader
wait
exec 5>&-
unload kretprobe_example
same "$(probes)" ''
