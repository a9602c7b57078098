# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Without a parameter, the sample probes kernel_clone, prints what the C sample prints, and leaves nothing behind.
load kprobe_example
expect '^kprobe_example: Planted kprobe at kernel_clone\+'$entry'/0x[0-9a-f]+$'
same "$(probes | awk '{ print $3 }')" kernel_clone+$entry
busybox true
expect '^kprobe_example: <kernel_clone> pre_handler: p->addr = kernel_clone\+'$entry'/0x[0-9a-f]+, (ip|pc) = [0-9a-f]{16}, (flags|pstate) = 0x[0-9a-f]+$'
expect '^kprobe_example: <kernel_clone> post_handler: p->addr = kernel_clone\+'$entry'/0x[0-9a-f]+, (flags|pstate) = 0x[0-9a-f]+$'
# The address is the function's in kallsyms, and what is in front of the probe, and its breakpoint.
ip=$(log | sed -n 's/.* pre_handler: .* \(ip\|pc\) = \([0-9a-f]*\),.*/\2/p' | head -n 1)
same "$(printf '%x' $((0x$(address kernel_clone) + entry + breakpoint)))" "$ip"
unload kprobe_example
expect '^kprobe_example: kprobe at kernel_clone\+'$entry'/0x[0-9a-f]+ unregistered$'
same "$(probes)" ''
# Nothing is printed any more.
hits=$(log | grep -c pre_handler)
busybox true
same "$(log | grep -c pre_handler)" "$hits"
