# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The locks that the kernel takes everywhere, also on the way to a handler and in its interrupts.
load probe_set symbols=_raw_spin_lock,_raw_spin_lock_irqsave,_raw_spin_unlock_irqrestore,_raw_read_lock
for _ in 1 2; do
	(for _ in 1 2 3 4 5 6 7 8 9 10; do busybox true; done) &
done
wait
unload probe_set
same "$(log | grep -c '^probe_set: _raw_spin_lock.*: [1-9][0-9]* calls, [0-9]* missed$')" 2
same "$(log | grep -c '^probe_set: _raw_spin_unlock_irqrestore+.*: [1-9][0-9]* calls, [0-9]* missed$')" 1
same "$(probes)" ''
