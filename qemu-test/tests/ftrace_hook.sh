# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Lines before and after clone and execve. Who is in a call as the module is unloaded does not return into it.
if ! grep -q ' register_ftrace_direct' /proc/kallsyms; then
	refuse ftrace_hook
	expect '^ftrace_hook: no hook at .*sys_clone.*: there are no direct calls on this kernel'
	exit
fi
load ftrace_hook
(exec /bin/true)
expect '^ftrace_hook: clone\(\) before: [0-9]+ sh' '^ftrace_hook: clone\(\) after: [1-9][0-9]*$'
expect '^ftrace_hook: execve\(\) before: [0-9]+ /bin/true$' '^ftrace_hook: execve\(\) after: 0$'
(exec /bin/no-such-file) 2>/dev/null || true
expect '^ftrace_hook: execve\(\) before: [0-9]+ /bin/no-such-file$' '^ftrace_hook: execve\(\) after: -2$'

mkfifo /tmp/ftrace_hook
calls vfork </tmp/ftrace_hook &
program=$!
exec 9>/tmp/ftrace_hook
expect "^ftrace_hook: clone\(\) before: [0-9]+ calls"
rmmod ftrace_hook &
unloading=$!
expect '^ftrace_hook: waiting for 1 calls of [a-z0-9_]*sys_clone.* to return, such as by calls \([0-9]+\)'
[ -d /sys/module/ftrace_hook ] || fail 'it went under a call'
echo >&9
wait $unloading || fail 'rmmod ftrace_hook: refused'
wait $program || fail 'the program that was in a call came to harm'
rm /tmp/ftrace_hook
