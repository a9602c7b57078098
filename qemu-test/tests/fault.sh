# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A bad pointer is an error in a handler, and fault is told; a trap of the probed instruction is seen, and handled by
# the kernel as without a probe.
load fault
same "$(log | grep -c '^fault: without a probe: 11223344 7$')" 2
case $(uname -m) in
aarch64)
	# The kernel allows no probe at an instruction whose fault it would mend.
	expect '^fault: refused: EINVAL$'
	;;
*)
	expect '^fault: with a probe: 11223344 7$' '^fault: loads: 2$'
	expect '^fault: instruction: Instruction, trap Some\(14\), address 0xfffffffffffff000, of the probe at rprobes_fault_load\+0x'
	same "$(log | grep -c '^fault: instruction: ')" 1
	;;
esac
expect '^fault: read: good Some\(11223344\), bad Err\(-14\), null Err\(-14\)$'
expect '^fault: user: true, as kernel Err\(-14\), kernel as user Err\(-14\)$'
expect '^fault: str: Some\(true\) Some\(true\), bad Err\(-14\), user Err\(-14\)$'
# bad, null, the two mixed up, and the two strings.
same "$(log | grep -c '^fault: fault of a read at 0x')" 6
unload fault
same "$(probes)" ''
