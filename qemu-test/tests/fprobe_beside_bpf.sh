# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A BPF program and a probe at the entry of the same function: there is one direct call, which whoever comes first has. A
# probe that comes later does without.
[ -e /sys/kernel/btf/vmlinux ] || skip 'this kernel has no types for BPF (CONFIG_DEBUG_INFO_BTF)'
grep -q ' bpf_trampoline_link_prog' /proc/kallsyms || skip 'this kernel attaches no BPF programs to functions (CONFIG_BPF_JIT)'
mkfifo /tmp/end
attach() {
	fentry vfs_rmdir </tmp/end >/tmp/attached 2>&1 &
	program=$!
	exec 9>/tmp/end
	poll grep -Eq '^(attached|error)' /tmp/attached || fail 'fentry neither attaches nor says why'
}
detach() {
	exec 9>&-
	wait $program
}
removes() {
	mkdir /tmp/beside_bpf
	rmdir /tmp/beside_bpf
}

load functions_target
# The program first.
attach
same "$(cat /tmp/attached)" attached
load functions what=entries functions=vfs_rmdir
removes
unload functions
expect '^functions: entries: entries 1,'
log | grep -Eq '^functions: entries: by (ftrace|kprobe),' || fail 'a direct call was taken from BPF'
if log | grep -q 'is probed by ftrace'; then
	expect 'vfs_rmdir.* is probed by ftrace, not by direct call: something else has it, such as a BPF program \(-EBUSY, -16\)$'
fi
load functions what=entries functions=vfs_rmdir mechanism=ftrace
removes
detach
removes
unload functions
expect '^functions: entries: entries 2,'

# The probe first.
load functions what=entries functions=vfs_rmdir
attach
removes
unload functions
if log | grep -q '^functions: entries: by direct call'; then
	# EBUSY; or, where all programs of BPF share one ftrace_ops, EINVAL.
	grep -Eq '^error 0(16|22)$' /tmp/attached || fail "a direct call was taken from the probe: $(cat /tmp/attached)"
	wait $program && fail 'fentry says that all is well'
	exec 9>&-
else
	same "$(cat /tmp/attached)" attached
	detach
fi
same "$(log | grep -c '^functions: entries: entries 1,')" 2
rm /tmp/end /tmp/attached
unload functions_target
