# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A set may do without some of its members, and says which.
load probe_set optional=1 symbols=vfs_read,no_such_function_anywhere,kernel_clone,nomod:vfs_write
expect '^probe_set: 2 probes planted$' '^probe_set: no_such_function_anywhere is missing$' '^probe_set: nomod:vfs_write is missing$'
expect_no 'no probe at'
same "$(probes | wc -l)" 2
busybox true
unload probe_set
expect '^probe_set: vfs_read\+0x.*: [1-9][0-9]* calls, ' '^probe_set: kernel_clone\+0x.*: [1-9][0-9]* calls, '
same "$(probes)" ''
# Anything else that is wrong is still refused.
refuse probe_set optional=1 symbols=vfs_read,$noinstr
expect 'no probe at '$noinstr': .*noinstr' 'that was probe 2 of a set of 2; none is registered'
