# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# What is executed, by whom, and what comes of it.
[ -e /modules/execsnoop.ko ] || skip "the kernel has no BTF, which names arguments"
load execsnoop
calls execve /bin/true one 'two three'
calls execve /no/such/program one two
calls execveat /bin/false four || true
calls execveat /no/such/program five
printf '#!/bin/true six\n' >/tmp/script
chmod +x /tmp/script
/tmp/script seven
if [ "$(uname -m)" != aarch64 ]; then
	calls execve_32 /bin/true eight
	calls execve_32 /no/such/program nine ten
	expect "^execsnoop: [0-9]+ true of $$ sh: /bin/busybox \[/bin/true eight\]: 0\$"
	expect "^execsnoop: [0-9]+ calls of $$ sh: /no/such/program \[/no/such/program nine ten\]: -2\$"
fi
unload execsnoop
expect "^execsnoop: [0-9]+ calls of $$ sh: /bin/calls \[calls execve /bin/true one two three\]: 0\$"
expect "^execsnoop: [0-9]+ true of $$ sh: /bin/busybox \[/bin/true one two three\]: 0\$"
expect "^execsnoop: [0-9]+ calls of $$ sh: /no/such/program \[/no/such/program one two\]: -2\$"
expect "^execsnoop: [0-9]+ false of $$ sh: /bin/busybox \[/bin/false four\]: 0\$"
expect "^execsnoop: [0-9]+ calls of $$ sh: /no/such/program \[/no/such/program five\]: -2\$"
expect "^execsnoop: [0-9]+ script of $$ sh: /bin/busybox \[/bin/true six /tmp/script seven\]: 0\$"
same "$(probes)" ''
rm /tmp/script
