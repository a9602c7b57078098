# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# What handlers know of the running task, next to what /proc says of it.
work=/tmp/task
mkdir -p $work
cp /bin/busybox $work/sh
mkdir -p /etc
echo 'tester:x:1234:5678::/:/bin/sh' >/etc/passwd
# Opens the file that the module waits for, which is not there, and writes what the module should say. As a program, to be run as someone
# else. /proc may show PIDs of another namespace, so the PID is asked there.
cat >$work/look <<'LOOK'
name=$1
true 2>/dev/null <"/tmp/task-$name" || true
read -r pid rest </proc/self/stat
process=$pid
status() { sed -n "s/^$1:[[:blank:]]*//p" "/proc/$process/status"; }
ids() { status "$1" | cut -f 1,2 | tr '\t' ' '; }
echo "$name: ids $(ids Uid) $(ids Gid)"
echo "$name: capabilities $(status CapEff), "
echo "$name: one parent $(status PPid)"
while process=$(status PPid) && [ "$process" != 0 ]; do
	echo "$name: parent $process $process $(cat "/proc/$process/comm")"
done
process=$pid
for kind in cgroup ipc net pid user uts; do
	echo "$name: namespace $(readlink "/proc/$pid/ns/$kind")"
done
bytes=$(wc -c <"/proc/$pid/cmdline")
echo "$name: $bytes bytes of command $(tr '\0' ' ' <"/proc/$pid/cmdline" | sed 's/ $//')"
echo "$name: short command $(head -c 4 "/proc/$pid/cmdline" | tr '\0' ' ' | sed 's/ $//')"
# In ticks, a hundredth of a second.
cut -d ' ' -f 22 "/proc/$pid/stat" >&2
LOOK
# look NAME COMMAND ...: the command runs that program, and what it writes stands in the log.
look() {
	"$@" >$work/wanted 2>$work/ticks || fail "$1: $(cat $work/wanted $work/ticks)"
	# In a user namespace where nobody is known, /proc has other IDs.
	[ "$1" != alone ] || sed -i "s/^alone: ids 65534 65534 65534 65534\$/alone: ids $ids/" $work/wanted
	while read -r line; do
		log | grep -qF "task: $line" || fail "not in the kernel log: task: $line"
	done <$work/wanted
	same "$(log | grep -c "task: $1: parent ")" "$(grep -c "^$1: parent " $work/wanted)"
	start=$(log | sed -n "s/^task: $1: start \([0-9]*\)\$/\1/p")
	same "$(cat $work/ticks)" "$((start / 10000000))"
	grep -q "^$1: ids $ids\$" $work/wanted || fail "$1 should have ids $ids: $(cat $work/wanted)"
}
root() { sh $work/look root 'a b' c; }
# A copy, which is not running already.
user() { start-stop-daemon -S -c tester -x $work/sh -- $work/look user; }
alone() { unshare -m -u -i -n -p -f -U sh $work/look alone; }

load task
ids='0 0 0 0'
look root
expect '^task: root: capabilities [0-9a-f]{16}, chown true, administrator true, last true$'
expect '^task: root: parent 1 1 [a-z]+$'
ids='1234 1234 5678 5678'
look user
expect '^task: user: capabilities 0{16}, chown false, administrator false, last false$'
# In namespaces of its own, other numbers; the user is the same one.
if [ -e /proc/self/ns/user ]; then
	ids='0 0 0 0'
	look alone
	for kind in ipc net pid user uts; do
		number=$(log | sed -n "s/^task: alone: namespace $kind://p")
		[ "$number" != "$(readlink /proc/self/ns/$kind)" ] || fail "$kind: the number is that of everyone"
	done
fi
# Set-user-ID. busybox would give that up again.
cp /bin/kmod $work/modinfo
chmod u+s $work/modinfo
: >/tmp/task-suid.ko
! start-stop-daemon -S -c tester -x $work/modinfo -- /tmp/task-suid.ko >/dev/null 2>&1
expect '^task: suid\.ko: ids 1234 0 5678 5678$' '^task: suid\.ko: capabilities [0-9a-f]{16}, chown true, administrator true'
expect '^task: suid\.ko: [0-9]+ bytes of command .*modinfo /tmp/task-suid\.ko$'
# A kernel thread, and a CPU with nothing to do.
expect '^task: thread is task [1-9][0-9]*$' '^task: thread: ids 0 0 0 0$' '^task: thread: no command ENOENT$'
expect '^task: thread: parent 2 2 kthreadd$' '^task: thread: one parent 2$'
same "$(log | grep -c '^task: thread: parent')" 1
expect '^task: idle is task 0$' '^task: idle: ids 0 0 0 0$' '^task: idle: no command ENOENT$' '^task: idle: start [0-9]+$'
expect_no '^task: idle: .*parent'
for kind in cgroup ipc net pid user uts; do
	# Without namespaces, the kernel has the first of each all the same, and /proc does not show it.
	[ -e /proc/self/ns/$kind ] || continue
	same "$(log | sed -n "s/^task: idle: namespace $kind://p")" "$(readlink /proc/self/ns/$kind | cut -d : -f 2)"
done
unload task
rm -r $work /tmp/task-* /etc/passwd
