# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
symbol=$(awk '{ print $2; exit }' /sys/kernel/debug/kprobes/blacklist)
for symbol in "$symbol" do_int3; do
	refuse kprobe_example symbol="$symbol"
	expect "^kprobe_example: no probe at $symbol: the kernel forbids it there: see /sys/kernel/debug/kprobes/blacklist.*\(-EINVAL, -22\)\$"
done
refuse kprobe_example symbol=0x10
expect 'no probe at 0x10: no kernel function is there'
