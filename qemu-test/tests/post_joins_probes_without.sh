# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A probe with a post handler must not join one without where ftrace calls them: the kernel would warn when the last
# of them goes, and post handlers would never work again.
load kretprobe_example
refuse_beside() {
	! insmod /modules/kprobe_example.ko 2>/dev/null || fail "kprobe_example joined"
	expect 'no probe with a post handler at kernel_clone: there is one without already.*plant this one first'
	[ ! -e /sys/module/kprobe_example ] || fail "kprobe_example is still there"
}
refuse_beside
unload kretprobe_example
# The other way round is good, and in any order out.
load kprobe_example
load kretprobe_example
busybox true
expect '^kprobe_example: <kernel_clone> post_handler: ' '^kretprobe_example: kernel_clone returned '
unload kprobe_example
unload kretprobe_example
same "$(probes)" ''
load kprobe_example symbol=vfs_read
cat /proc/uptime >/tmp/uptime
expect '<vfs_read> post_handler'
unload kprobe_example
