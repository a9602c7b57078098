# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A livepatch and a probe get on, on one function, with a post handler or without, unless the handler redirects, which
# the kernel does not allow there. So others must not look to the kernel as if they did.
[ -e /sys/kernel/livepatch ] || skip "CONFIG_LIVEPATCH is off"
patched() {
	grep -q 'this has been live patched' /proc/cmdline
}
done_with() {
	[ "$(cat /sys/kernel/livepatch/c_livepatch/transition 2>/dev/null || echo 0)" = 0 ]
}
refuse_beside() {
	module=$1
	shift
	! insmod "/modules/$module.ko" "$@" 2>/dev/null || fail "$module was loaded"
	[ ! -e "/sys/module/$module" ] || fail "$module is still there"
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
load kprobe_example symbol=cmdline_proc_show
patched || fail "the probe with post has undone the livepatch"
expect 'pre_handler: p->addr = cmdline_proc_show' 'post_handler: p->addr = cmdline_proc_show'
unload kprobe_example
# With a handler that redirects.
refuse redirect symbol=cmdline_proc_show
expect '^redirect: the kernel could not arm the probe at cmdline_proc_show: a livepatch changes that function, and the handler redirects'
patched || fail "the refused probe has undone the livepatch"
unpatch
# A post handler first, then a livepatch.
load kprobe_example symbol=cmdline_proc_show
! patched || fail "still patched"
load c_livepatch
poll done_with || fail "the livepatch does not come through"
patched || fail "the livepatch has no effect beside a post handler"
unpatch
unload kprobe_example
# A redirecting handler first.
load redirect symbol=cmdline_proc_show
! patched || fail "still patched"
! insmod /modules/c_livepatch.ko 2>/dev/null || fail "the kernel lets a livepatch join a handler that redirects now: tell the documentation"
unload redirect
# Nor may a redirecting handler join one that does not redirect: the kernel would break.
load probe_set symbols=cmdline_proc_show
refuse_beside redirect symbol=cmdline_proc_show
expect '^redirect: no probe at cmdline_proc_show: there is a probe that does not redirect already'
unload probe_set
load redirect symbol=cmdline_proc_show
load probe_set symbols=cmdline_proc_show
unload redirect
unload probe_set
