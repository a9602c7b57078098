# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who signals whom, and what comes of it.
[ -e /modules/killsnoop.ko ] || skip "the kernel has no BTF, which names arguments"
sleep 100 &
child=$!
load killsnoop
kill -0 $child
kill -9 $child
! kill -TERM -7654321 2>/dev/null || fail "there is a process group 7654321"
calls kill
calls tkill
calls tgkill
if [ "$(uname -m)" != aarch64 ]; then
	calls kill_32
	expect '^killsnoop: [0-9]+ calls: sys_kill SIGUSR2 to 7654322: -3$'
fi
wait $child || true
unload killsnoop
expect "^killsnoop: $$ sh: sys_kill 0 to $child: 0\$" "^killsnoop: $$ sh: sys_kill SIGKILL to $child: 0\$"
expect "^killsnoop: $$ sh: sys_kill SIGTERM to -7654321: -3\$"
expect '^killsnoop: [0-9]+ calls: sys_kill SIGUSR1 to 7654321: -3$'
expect '^killsnoop: [0-9]+ calls: sys_tkill SIGTERM to 7654323: -3$' '^killsnoop: [0-9]+ calls: sys_tgkill 34 to 7654325: -3$'
same "$(probes)" ''
