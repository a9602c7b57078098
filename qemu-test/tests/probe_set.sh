# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load probe_set
expect '^probe_set: 3 probes planted$'
same "$(probes | wc -l)" 3
for _ in 1 2 3 4 5; do busybox true; done
unload probe_set
expect '^probe_set: vfs_read\+'$entry'/0x[0-9a-f]+: [1-9][0-9]* calls, ' '^probe_set: vfs_write\+'$entry'/0x[0-9a-f]+: [0-9]+ calls, '
calls=$(log | sed -n 's/^probe_set: kernel_clone+.*: \([0-9]*\) calls, .*/\1/p')
[ "$calls" -ge 5 ] || fail "only $calls calls of kernel_clone"
same "$(probes)" ''
# All or none, and the log says which one it was.
refuse probe_set symbols=vfs_read,no_such_function_anywhere,vfs_write
expect 'no probe at no_such_function_anywhere: no such function' '^probe_set: that was probe 2 of a set of 3; none is registered$'
refuse probe_set symbols=vfs_read,,vfs_write
expect 'no symbol given'
refuse probe_set symbols=vfs_read,notify_die
expect 'no probe at notify_die: the kernel forbids it there'
# The same one twice is two probes.
load probe_set symbols=vfs_read,vfs_read
same "$(probes | wc -l)" 2
unload probe_set
