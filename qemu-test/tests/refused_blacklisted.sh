# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
for symbol in notify_die atomic_notifier_call_chain; do
	grep -qw "$symbol" /sys/kernel/debug/kprobes/blacklist
	refuse kprobe_example symbol="$symbol"
	expect "^kprobe_example: no probe at $symbol: the kernel forbids it there: see /sys/kernel/debug/kprobes/blacklist.*\(-EINVAL, -22\)\$"
done
refuse kprobe_example symbol=0x10
expect 'no probe at 0x10: no kernel function is there'
