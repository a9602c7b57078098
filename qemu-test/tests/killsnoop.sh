# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Who signals whom, and what comes of it: as two readers see it, and for whom is asked.
[ -e /modules/killsnoop.ko ] || skip "the kernel has no BTF, which names arguments"
signals=/sys/kernel/debug/killsnoop/signals
seen() {
	for regex; do
		poll grep -Eq "^[0-9]+\.[0-9]{6} $regex\$" /tmp/signals || fail "no line $regex in: $(tail -n 20 /tmp/signals)"
	done
}
sleep 100 &
child=$!
load killsnoop
cat $signals >/tmp/signals &
cat $signals >/tmp/signals.2 &
kill -STOP $child
# What was sent has come.
poll grep -q '^State:.T' /proc/$child/status
kill -0 $child
kill -9 $child
! kill -TERM -7654321 2>/dev/null || fail "there is a process group 7654321"
calls kill
calls tkill
calls tgkill
seen "$$ sh: kill SIGSTOP to $child: 0" "$$ sh: kill 0 to $child: 0" "$$ sh: kill SIGKILL to $child: 0"
seen "$$ sh: kill SIGTERM to -7654321: -3"
seen '[0-9]+ calls: kill SIGUSR1 to 7654321: -3'
seen '[0-9]+ calls: tkill SIGTERM to 7654323: -3' '[0-9]+ calls: tgkill 34 to 7654325: -3'
if [ "$(uname -m)" != aarch64 ]; then
	calls kill_32
	seen '[0-9]+ calls: kill SIGUSR2 to 7654322: -3'
fi
wait $child || true

# For whom is asked, and as many as there were.
echo "tgid=$$" >/sys/module/killsnoop/parameters/filter
for _ in $(seq 300); do
	kill -0 $$
done
sh -c 'kill -0 $$'
calls kill
kill -CONT $$
seen "$$ sh: kill SIGCONT to $$: 0"
poll cmp -s /tmp/signals /tmp/signals.2 || true
unload killsnoop
wait || fail "a reader fails"
same "$(grep -c " $$ sh: kill 0 to $$: 0\$" /tmp/signals)" 300
same "$(grep -c ' calls: kill SIGUSR1 ' /tmp/signals)" 1
! grep '^#' /tmp/signals || fail "some are lost"
cmp /tmp/signals /tmp/signals.2 || fail "two readers see $(tail -n 20 /tmp/signals /tmp/signals.2)"
awk '$1 < last { exit 1 } { last = $1 }' /tmp/signals || fail "not in order of time: $(tail -n 20 /tmp/signals)"

refuse killsnoop filter=pid=sh
expect '^killsnoop: filter: "pid=sh" has no number from 0 to '
expect_no ' to -?[0-9]+: '
[ ! -e /sys/kernel/debug/killsnoop ] || fail "its files are still there"
same "$(probes)" ''
rm /tmp/signals /tmp/signals.2
