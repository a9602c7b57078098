# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Lines before and after clone and execve. Who is in a call as the module is unloaded does not return into it.
if ! grep -q ' register_ftrace_direct' /proc/kallsyms; then
	refuse ftrace_hook
	expect '^ftrace_hook: no hook at .*sys_clone.*: there are no direct calls on this kernel'
	[ ! -e /sys/kernel/debug/ftrace_hook ] || fail "its files are still there"
	exit
fi
seen() {
	for regex; do
		poll grep -Eq "^[0-9]+\.[0-9]{6} [0-9]+ $regex\$" /tmp/ftrace_hook.calls ||
			fail "no line $regex in: $(tail -n 20 /tmp/ftrace_hook.calls)"
	done
}
load ftrace_hook
cat /sys/kernel/debug/ftrace_hook/calls >/tmp/ftrace_hook.calls &
reader=$!
(exec /bin/true)
seen 'sh: clone\(\) before' 'sh: clone\(\) after: [1-9][0-9]*'
seen 'sh: execve\(\) before: /bin/true' 'true: execve\(\) after: 0'
(exec /bin/no-such-file) 2>/dev/null || true
seen 'sh: execve\(\) before: /bin/no-such-file' 'sh: execve\(\) after: -2'

mkfifo /tmp/ftrace_hook
calls vfork </tmp/ftrace_hook &
program=$!
exec 9>/tmp/ftrace_hook
seen 'calls: clone\(\) before'
rmmod ftrace_hook &
unloading=$!
expect '^ftrace_hook: waiting for 1 calls of [a-z0-9_]*sys_clone.* to return, such as by calls \([0-9]+\)'
[ -d /sys/module/ftrace_hook ] || fail 'it went under a call'
echo >&9
wait $unloading || fail 'rmmod ftrace_hook: refused'
wait $program || fail 'the program that was in a call came to harm'
wait $reader || fail 'the reader fails'
seen 'calls: clone\(\) after: [1-9][0-9]*'
expect_no '(clone|execve)\(\) (before|after)'
rm /tmp/ftrace_hook /tmp/ftrace_hook.calls
