# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A livepatch and a probe get on, on one function, unless the probe has a post handler, which the kernel does not allow
# there. So a handler without post must not look to the kernel as if it had one.
patched() {
	grep -q 'this has been live patched' /proc/cmdline
}
done_with() {
	[ "$(cat /sys/kernel/livepatch/c_livepatch/transition 2>/dev/null || echo 0)" = 0 ]
}
unpatch() {
	echo 0 >/sys/kernel/livepatch/c_livepatch/enabled
	poll test ! -e /sys/kernel/livepatch/c_livepatch || fail "the livepatch does not go away"
	unload c_livepatch
}
! patched || fail "patched already"
# The probe first.
load probe_set symbols=cmdline_proc_show
load c_livepatch
poll done_with || fail "the livepatch does not come through"
patched || fail "the livepatch has no effect: $(cat /proc/cmdline)"
unload probe_set
expect '^probe_set: cmdline_proc_show\+0x[0-9a-f]+/0x[0-9a-f]+: [1-9][0-9]* calls, 0 missed$'
# The livepatch first.
load probe_set symbols=cmdline_proc_show
patched || fail "the probe has undone the livepatch"
unload probe_set
same "$(log | grep -c '^probe_set: cmdline_proc_show.*: [1-9][0-9]* calls, 0 missed$')" 2
# With a post handler.
refuse kprobe_example symbol=cmdline_proc_show
expect '^kprobe_example: the kernel could not arm the probe at cmdline_proc_show: .*livepatch'
patched || fail "the refused probe has undone the livepatch"
unpatch
load kprobe_example symbol=cmdline_proc_show
patched && fail "still patched"
expect 'post_handler: p->addr = cmdline_proc_show'
! insmod /modules/c_livepatch.ko 2>/dev/null || fail "the kernel lets a livepatch join a post handler now: tell the documentation"
unload kprobe_example
