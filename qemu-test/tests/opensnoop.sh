# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who opens what, and what comes of it.
[ -e /modules/opensnoop.ko ] || skip "the kernel has no BTF, which names arguments"
echo text >/tmp/there
printf '/no/such/path/in/a/file\0' >/tmp/long
load opensnoop comm=cat
cat /tmp/there >/dev/null &
cat=$!
wait $cat
! cat /tmp/missing 2>/dev/null || fail "there is a missing file"
expect "^opensnoop: $cat cat: /tmp/there O_RDONLY: 3, [1-9][0-9]* ns\$"
expect '^opensnoop: [0-9]+ cat: /tmp/missing O_RDONLY: -2, [1-9][0-9]* ns$'
# Another name that begins like it, and another program.
sh -c 'printf catch >/proc/$$/comm; : </tmp/there'
: </tmp/there
expect_no '^opensnoop: [0-9]+ ([^c]|c[^a]|ca[^t]|cat[^:])'
unload opensnoop

load opensnoop
: >/tmp/new
: >>/tmp/new
ls /tmp >/dev/null
calls untouched /tmp/long
unload opensnoop
expect "^opensnoop: $$ sh: /tmp/new O_WRONLY\|O_CREAT\|O_TRUNC: [0-9]+, " "^opensnoop: $$ sh: /tmp/new O_WRONLY\|O_CREAT\|O_APPEND: [0-9]+, "
expect '^opensnoop: [0-9]+ ls: /tmp O_RDONLY\|O_NONBLOCK\|O_DIRECTORY\|O_CLOEXEC: 3, '
# Its page is not there before the kernel reads it.
expect '^opensnoop: [0-9]+ calls: /no/such/path/in/a/file O_RDONLY: -2, '
same "$(probes)" ''
rm /tmp/there /tmp/long /tmp/new
