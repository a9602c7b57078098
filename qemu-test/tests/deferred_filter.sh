# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A handler sees what the user asks for, at load and later, and nothing else while that changes.
work=/tmp/filter
filter=/sys/module/deferred/parameters/filter
mkdir $work
chmod 777 $work
# A copy, which is not running already.
cp /bin/busybox $work/mkdir
all=0 matching=0
# hit 0|1 COMMAND ...: the command makes a directory, which matches or not.
hit() {
	wanted=$1
	shift
	"$@" $work/made || fail "$*"
	rmdir $work/made
	all=$((all + 1)) matching=$((matching + wanted))
	expect "^deferred: filter: $matching of $all\$"
}
# as FILTER WANTED: the filter has the number of the process.
as() {
	hit "$2" sh -c 'echo "$0=$$" >/sys/module/deferred/parameters/filter; exec mkdir "$1"' "$1"
}
mkdir -p /etc
echo 'tester:x:1234:5678::/:/bin/sh' >/etc/passwd
user() { start-stop-daemon -S -c tester -x $work/mkdir -- "$1"; }
set_filter() { echo "$*" >$filter; }

load deferred what=filter filter=uid=0,comm=mkdir
same "$(cat $filter)" 'uid=0 comm=mkdir'
same "$(stat -c %a $filter)" 644
hit 1 mkdir
hit 0 user
set_filter ''
same "$(cat $filter)" ''
hit 1 mkdir
hit 1 user
set_filter uid=1234
hit 0 mkdir
hit 1 user
set_filter comm=mkdi
hit 0 mkdir
set_filter comm=mkdirs
hit 0 mkdir
set_filter comm=mkdir
hit 1 mkdir
as pid 1
as tgid 1
set_filter pid=1
hit 0 mkdir
for cpu in 0 1; do
	set_filter cpu=$cpu
	hit 1 taskset -c $cpu mkdir
	hit 0 taskset -c $((1 - cpu)) mkdir
done
set_filter every=3 comm=mkdir
for wanted in 0 0 1 0 0 1; do
	hit $wanted mkdir
done

# What is no filter changes nothing.
wrong() {
	! set_filter "$1" 2>/dev/null || fail "the filter took $1"
	expect "^deferred: filter: $2; nothing was changed\$"
	same "$(cat $filter)" 'every=3 comm=mkdir'
}
wrong 'cpu=0 pdi=3' '"pdi=3" is none of pid=, tgid=, comm=, uid=, cpu= and every='
wrong mkdir '"mkdir" is none of .*'
wrong pid=x '"pid=x" has no number from 0 to 2147483647 behind the equals sign'
wrong pid=-1 '"pid=-1" has no number from 0 to .*'
wrong uid=4294967296 '"uid=4294967296" has no number from 0 to 4294967295 .*'
wrong cpu=100000 '"cpu=100000" has no number from 0 to [0-9]+ .*'
wrong every=0 '"every=0" has no number from 1 to .*'
wrong comm= '"comm=" has no name behind the equals sign'
wrong 'pid=1 pid=2' '"pid=2" is the second of its kind, and there may be one'
set_filter comm=abcdefghijklmnopqrst
same "$(cat $filter)" comm=abcdefghijklmno

# Neither matches; a mixture would.
set_filter comm=mkdir uid=77
made() {
	while [ ! -e $work/stop ]; do
		mkdir "$work/made$1"
		rmdir "$work/made$1"
	done
}
made 1 &
made 2 &
echo 1 >/sys/kernel/rcu_expedited
for _ in $(seq 50); do
	set_filter comm=nobody uid=0
	set_filter comm=mkdir uid=77
	set_filter uid=78
	set_filter tgid=1 uid=0
	set_filter comm=mkdir uid=77
done
echo 0 >/sys/kernel/rcu_expedited
touch $work/stop
wait
before=$all
all=$(log | sed -n 's/^deferred: filter: [0-9]* of \([0-9]*\)$/\1/p' | tail -n 1)
[ $((all - before)) -gt 20 ] || fail "only $((all - before)) hits"
hit 0 mkdir
unload deferred

refuse deferred what=filter filter=pid
expect '^deferred: filter: "pid" is none of '
rm -r $work /etc/passwd
