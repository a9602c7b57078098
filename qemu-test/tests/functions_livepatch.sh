# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A livepatch and a function probe get on, on one function, whichever came first.
[ -e /sys/kernel/livepatch ] || skip "CONFIG_LIVEPATCH is off"
patched() {
	grep -q 'this has been live patched' /proc/cmdline
}
done_with() {
	[ "$(cat /sys/kernel/livepatch/c_livepatch/transition 2>/dev/null || echo 0)" = 0 ]
}
patch() {
	load c_livepatch
	poll done_with || fail "the livepatch does not come through"
}
unpatch() {
	echo 0 >/sys/kernel/livepatch/c_livepatch/enabled
	poll test ! -e /sys/kernel/livepatch/c_livepatch || fail "the livepatch does not go away"
	unload c_livepatch
}
# A probe of kind $1, by what is said to be $2, and is asked for as $3.
probe() {
	load functions what="$1" functions=cmdline_proc_show mechanism="$3"
}
# The probe goes, and has seen all calls, and their returns.
seen() {
	unload functions
	log | grep "^functions: $1: " | tail -n 2 >/tmp/reports
	grep -qx "functions: $1: by $2, 1 functions, missed 0, exhausted 0, not followed 0" /tmp/reports ||
		fail "$*: $(cat /tmp/reports)"
	set -- $(sed -n 's/^functions: \(.*\): entries \([0-9]*\), returns \([0-9]*\), argument .*, value 0, wrong 0$/\1 \2 \3/p' /tmp/reports)
	[ "$2" -ge 2 ] || fail "only $2 calls"
	[ "$1" = entries ] || same "$2" "$3"
}
check() {
	# The probe first.
	! patched || fail "patched already"
	probe "$@"
	! patched || fail "patched already"
	patch
	patched || fail "the livepatch has no effect beside $*"
	seen "$@"
	patched || fail "the livepatch is gone with the probe"
	# The livepatch first.
	probe "$@"
	patched || fail "the probe has undone the livepatch"
	unpatch
	! patched || fail "still patched"
	seen "$@"
}
load functions_target
for what in entries cmdline; do
	if $direct; then
		check $what 'direct call' ''
	fi
	if $fprobes; then
		check $what fprobe fprobe
	fi
	check $what kprobe kprobe
done
check entries ftrace ftrace
unload functions_target
