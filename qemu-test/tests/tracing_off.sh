# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# What is not recorded is not formatted.
echo >$tracing/trace
load tracing what=off
expect '^tracing: formatted 0 times while off$' '^tracing: formatted 1 times while on$'
unload tracing
grep -q ': found counted$' $tracing/trace || fail 'not recorded while on'
! grep -q ': lost' $tracing/trace || fail 'recorded while off'
# Unless it goes elsewhere, as users can have it on newer kernels.
mkdir $tracing/instances/elsewhere
if echo 1 2>/dev/null >$tracing/instances/elsewhere/options/trace_printk_dest; then
	load tracing what=off
	unload tracing
	wanted=yes
	grep -q ': lost counted$' $tracing/instances/elsewhere/trace || wanted=no
	rmdir $tracing/instances/elsewhere
	same $wanted yes
else
	rmdir $tracing/instances/elsewhere
fi
