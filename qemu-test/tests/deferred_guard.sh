# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A probe that is hit too often is disarmed and says so, once, and its handler is not called any more.
load deferred what=guard
expect '^deferred: few hits: disarmed Some\(false\)$'
# A thousand, or two thousand if the guard's second ends in between; with what CPUs had not added up.
some='(1[0-9]{3}|20[0-3][0-9])'
for what in kprobe again kretprobe fprobe; do
	expect "^deferred: $what: $some entries, $some returns, disarmed Some\(true\)\$"
done
expect "^deferred: tracepoint: [0-9]* entries, 0 returns, disarmed Some\(true\)\$"
said() {
	same "$(log | grep -cE "^deferred: the probe at $1 is disarmed: it was hit 10[0-6][0-9] times within [0-9]{1,3} ms, and its guard allows 1000 hits per second; enable\(\) arms it again\$")" "$2"
}
said rprobes_deferred_target 3
said __msecs_to_jiffies 1
said kmalloc 1
# A tenth of a second, in steps of half a millisecond twice.
expect '^deferred: time: [0-9]{2,3} entries, [0-9]{2,3} returns, disarmed Some\(true\)$'
expect '^deferred: the probe at rprobes_deferred_target is disarmed: its handler ran for 1[0-9]{2} ms within [0-9]{3} ms, and its guard allows 10% of a CPU; '
expect '^deferred: a guard without a limit guards nothing; .*' '^deferred: no limit: Some\(EINVAL\)$'
unload deferred
