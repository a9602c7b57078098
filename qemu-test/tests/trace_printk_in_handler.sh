# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
echo >$tracing/trace
load tracing what=handler
sync
unload tracing
grep -q 'sync-[0-9]* .*: in a handler$' $tracing/trace || fail "not in the trace buffer: $(cat $tracing/trace)"
