# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# What is executed, by whom, and what comes of it: as two readers see it, and for whom is asked.
[ -e /modules/execsnoop.ko ] || skip "the kernel has no BTF, which names arguments"
execs=/sys/kernel/debug/execsnoop/execs
filter=/sys/module/execsnoop/parameters/filter
seen() {
	for regex; do
		poll grep -Eq "^[0-9]+\.[0-9]{6} $regex\$" /tmp/execs || fail "no line $regex in: $(tail -n 20 /tmp/execs)"
	done
}
load execsnoop
cat $execs >/tmp/execs &
cat $execs >/tmp/execs.2 &
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
	seen "[0-9]+ true of $$ sh: /bin/busybox \[/bin/true eight\]: 0"
	seen "[0-9]+ calls of $$ sh: /no/such/program \[/no/such/program nine ten\]: -2"
fi
seen "[0-9]+ calls of $$ sh: /bin/calls \[calls execve /bin/true one two three\]: 0"
seen "[0-9]+ true of $$ sh: /bin/busybox \[/bin/true one two three\]: 0"
seen "[0-9]+ calls of $$ sh: /no/such/program \[/no/such/program one two\]: -2"
seen "[0-9]+ false of $$ sh: /bin/busybox \[/bin/false four\]: 0"
seen "[0-9]+ calls of $$ sh: /no/such/program \[/no/such/program five\]: -2"
seen "[0-9]+ script of $$ sh: /bin/busybox \[/bin/true six /tmp/script seven\]: 0"

# For whom is asked: by the name of the new program, or of the one that goes on; and as many as there were.
echo comm=true >$filter
for i in $(seq 50); do
	/bin/true number "$i"
	/bin/false number "$i" || true
done
# In full: all of a path, and four thousand bytes of arguments.
long=$(printf '%01000d' 0)
/bin/true "$long" "$long" "$long" end
echo comm=calls >$filter
calls execve /no/"$long"/program last
calls execve /bin/true last
seen "[0-9]+ calls of $$ sh: /no/$long/program \[/no/$long/program last\]: -2"
seen "[0-9]+ calls of $$ sh: /bin/calls \[calls execve /bin/true last\]: 0"
poll cmp -s /tmp/execs /tmp/execs.2 || true
unload execsnoop
wait || fail "a reader fails"
seen "[0-9]+ true of $$ sh: /bin/busybox \[/bin/true $long $long $long end\]: 0"
for i in 1 25 50; do
	same "$(grep -c " true of $$ sh: /bin/busybox \[/bin/true number $i\]: 0\$" /tmp/execs)" 1
done
same "$(grep -c 'true number' /tmp/execs)" 50
! grep -E 'false number|true last\]: 0$' /tmp/execs | grep -v ' calls of ' || fail "these do not match"
! grep '^#' /tmp/execs || fail "some are lost"
cmp /tmp/execs /tmp/execs.2 || fail "two readers see $(tail -n 20 /tmp/execs /tmp/execs.2)"
awk '$1 < last { exit 1 } { last = $1 }' /tmp/execs || fail "not in order of time: $(tail -n 20 /tmp/execs)"

refuse execsnoop filter=every=0
expect '^execsnoop: filter: "every=0" has no number from 1 to '
expect_no ' of [0-9]+ sh'
[ ! -e /sys/kernel/debug/execsnoop ] || fail "its files are still there"
same "$(probes)" ''
rm /tmp/script /tmp/execs /tmp/execs.2
