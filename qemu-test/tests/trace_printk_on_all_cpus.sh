# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# All CPUs print at once, and interrupt each other meanwhile: every line is whole, in order, and there once.
lines=2000
cpus=$(nproc)
echo 4096 >$tracing/buffer_size_kb
echo >$tracing/trace
load tracing what=all lines=$lines
unload tracing
sed -n 's/^.*: \(cpu .*\)$/\1/p' $tracing/trace >/tmp/lines
! grep -vE '^cpu [0-9]+ from [0-9]+ line [0-9]+ abcdefghijklmnopqrstuvwxyz end$' /tmp/lines || fail 'torn lines'
same "$(wc -l </tmp/lines)" $((cpus * lines + cpus * (cpus - 1) * lines / 8))
twice=$(sort /tmp/lines | uniq -d)
[ -z "$twice" ] || fail "more than once: $twice"
for cpu in $(seq 0 $((cpus - 1))); do
	same "$(sed -n "s/^cpu $cpu from $cpu line \([0-9]*\) .*/\1/p" /tmp/lines | sort -nc 2>&1)" ''
done
rm /tmp/lines
