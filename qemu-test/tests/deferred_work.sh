# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# What handlers leave to process context is done there, in order, once, and not after its end.
load deferred what=work
expect '^deferred: from a handler: 50 queued, 50 done, 0 refused$' '^deferred: in order: 50$'
# One is being done, four are queued, and six have no room.
expect '^deferred: overflow: 5 queued, 0 done, 6 refused$' '^deferred: overflow: 5 queued, 5 done, 6 refused$' '^deferred: taken: 4$'
expect '^deferred: dropped: 16 done, later 16$'
expect '^deferred: again: 101 calls$'
expect '^deferred: a queue of deferred work was dropped by its own handler, so its memory is lost; drop it elsewhere$' '^deferred: by itself: 1 calls$'
expect '^deferred: no deferred work: a queue of length 0 has no room$' '^deferred: of length 0: Some\(EINVAL\)$'
unload deferred
expect_no 'was leaked'

load deferred what=irq
expect '^deferred: interrupts: some true, all done true$'
unload deferred
