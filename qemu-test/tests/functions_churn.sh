# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Probes on many functions at once come and go, and so does the module, while four tasks fork, read, and call functions.
# One that stays sees every single call.
busy() {
	calls=0
	while [ ! -e "$1" ]; do
		echo many >/sys/kernel/debug/functions_target/run && calls=$((calls + 1))
		busybox cat /proc/stat >/dev/null
	done
	echo $calls >"$1.$2"
}
four() {
	for i in 1 2 3 4; do
		busy "$1" $i &
	done
}
rm -f /tmp/stop* /tmp/end*
load functions_target
echo 1 >/sys/kernel/rcu_expedited
insmod /modules/functions.ko what=churn &
insmod=$!
# That takes a while on a debug kernel.
until logged '^functions: watching$'; do
	kill -0 $insmod || fail "insmod functions failed"
	usleep 100000
done
four /tmp/stop
wait $insmod || fail "insmod functions: $?"
touch /tmp/stop
wait
unload functions
expect '^functions: churn: entries [1-9][0-9]*, returns [1-9][0-9]*$'
calls=$(($(cat /tmp/stop.* | tr '\n' '+')0))
[ $calls -gt 20 ] || fail "only $calls rounds"
entries=$(log | sed -n 's/^functions: entries: entries \([0-9]*\), .*/\1/p')
missed=$(log | sed -n 's/^functions: entries: by .*, 2000 functions, missed \([0-9]*\), .*/\1/p')
same $((entries + missed)) $((2000 * calls))
four /tmp/end
for what in entries returns; do
	load functions what=$what functions='vfs_r*'
	unload functions
done
touch /tmp/end
wait
echo 0 >/sys/kernel/rcu_expedited
unload functions_target
rm -f /tmp/stop* /tmp/end*
