# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Timers expire when they are to, and not after they were dropped.
load deferred what=timers
expect '^deferred: every: not early true, none later true$'
# Twenty times make 400 ms; a machine that is busy may be slow, but delays do not add up.
millis=$(log | sed -n 's/^deferred: every 20 ms: 2[0-9]* calls in \([0-9]*\) ms$/\1/p')
[ "$millis" -ge 400 ] && [ "$millis" -lt 2000 ] || fail "20 times 20 ms took $millis ms"
expect '^deferred: once: 1 calls, not early true$'
expect '^deferred: dropped: 0 calls$'
expect '^deferred: while it runs: some true, none later true$'
expect '^deferred: no timer: 0 ns is no time to wait$' '^deferred: every 0 ns: Some\(EINVAL\)$' '^deferred: every -5 ns: Some\(EINVAL\)$'
expect '^deferred: no timer: it is made in process context, not in a handler$' '^deferred: in a handler: -35$'
unload deferred
