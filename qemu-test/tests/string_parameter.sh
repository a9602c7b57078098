# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# As with C's module_param_string(): in modinfo, in sysfs, writable, and never longer than there is room for.
modinfo /modules/kprobe_example.ko | grep -q '^parm: *symbol:Where to probe: .* (string)$' || fail "not in modinfo"
load kprobe_example symbol=vfs_write
file=/sys/module/kprobe_example/parameters/symbol
same "$(cat $file)" vfs_write
same "$(stat -c %a $file)" 644
printf vfs_read >$file
same "$(cat $file)" vfs_read
long=$(head -c 512 /dev/zero | tr '\0' a)
! printf %s "$long" >$file 2>/dev/null || fail "sysfs took 512 characters"
same "$(cat $file)" vfs_read
unload kprobe_example
refuse kprobe_example symbol="$long"
expect "^symbol: string doesn't fit in 511 chars\.$"
# The longest that there is room for is a symbol name like any other.
refuse kprobe_example symbol="$(printf %s "$long" | head -c 511)"
expect 'no such function'
