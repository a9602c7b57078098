# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The locks that the kernel takes everywhere, also on the way to a handler and in its interrupts.
# Those of arm64 are in other functions, but for how long it waits for one.
case $(uname -m) in
aarch64) locks=queued_spin_lock_slowpath,queued_read_lock_slowpath,mutex_lock,mutex_unlock counted='mutex_lock mutex_unlock' ;;
*)
	locks=_raw_spin_lock,_raw_spin_lock_irqsave,_raw_spin_unlock_irqrestore,_raw_read_lock
	counted='_raw_spin_lock _raw_spin_lock_irqsave _raw_spin_unlock_irqrestore'
	;;
esac
load probe_set symbols=$locks
for _ in 1 2; do
	(for _ in 1 2 3 4 5 6 7 8 9 10; do busybox true; done) &
done
wait
unload probe_set
for lock in $counted; do
	expect "^probe_set: $lock\+.*: [1-9][0-9]* calls, [0-9]* missed\$"
done
same "$(probes)" ''
