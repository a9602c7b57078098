# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Snapshots, stacks, dumps.
echo >$tracing/trace
load tracing what=stack
unload tracing
grep -q ' do_init_module$' $tracing/trace || grep -q ' => do_init_module' $tracing/trace || fail "no stack: $(cat $tracing/trace)"

echo >$tracing/trace
load tracing what=snapshot
unload tracing
grep -q ': after the first$' $tracing/snapshot || fail 'not in the snapshot'
! grep -q ': after the snapshot$' $tracing/snapshot || fail 'in the snapshot'
grep -q ': after the snapshot$' $tracing/trace || fail 'not in the buffer'
echo 0 >$tracing/snapshot

echo >$tracing/trace
load tracing what=dump
unload tracing
expect '^Dumping ftrace buffer:$' ': to be dumped$' '^tracing: is on: false$'
same "$(cat $tracing/tracing_on)" 1
