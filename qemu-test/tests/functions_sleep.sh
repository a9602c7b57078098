# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Tasks sleep in a function whose calls a probe follows, while the probe goes: with a direct call that takes as long as
# they sleep, or until they are killed or exit inside; with other mechanisms it does not wait, and they return unseen.
run=/sys/kernel/debug/functions_target/run
asleep() {
	[ "$(cat $run)" -eq "$1" ]
}
# Puts 16 tasks to sleep in there.
sleep16() {
	tasks=
	echo doze >$run
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		sh -c 'echo sleep >$0' $run &
		tasks="$tasks $!"
	done
	poll asleep 16 || fail "$(cat $run) tasks are asleep"
}
# Whether the tasks have ended, each with this status.
ended() {
	for task in $tasks; do
		status=0
		wait "$task" || status=$?
		same "$status" "$1"
	done
}
# How often it has been said that the 16 are waited for.
said() {
	[ "$(log | grep -c '^functions: waiting for 16 calls of functions_target_sleep')" -eq "$1" ]
}
gone() {
	[ ! -e /sys/module/functions ]
}
# The module goes, in the background, and waits for its calls.
leave() {
	rmmod functions &
	rmmod=$!
}
waits() {
	expect "^functions: waiting for $1 calls of $2\+0x0/0x[0-9a-f]+ \[functions_target\] to return, such as by $3 \([0-9]+\): the probe goes when they have\$"
	! gone || fail "the module is gone, but $(cat $run) tasks are asleep"
}
left() {
	wait "$rmmod" || fail "rmmod functions: $?"
	gone || fail "functions is still there"
}

load functions_target
if $direct; then
	load functions what=sleep
	sleep16
	leave
	waits 16 functions_target_sleep sh
	echo wake >$run
	ended 0
	left
	expect '^functions: sleep: by direct call, 1 functions, missed 0, exhausted 0, not followed 0$' \
		'^functions: sleep: entries 16, returns 16, argument 21, value 42, wrong 0$'

	# Killed inside: they return for the last time.
	load functions what=sleep
	sleep16
	leave
	poll said 2 || fail "it is not said what is waited for"
	kill -9 $tasks
	ended 137
	left
	same "$(log | grep -c '^functions: sleep: entries 16, returns 16, argument 21, value 42, wrong 0$')" 2

	# Never returns, as its task exits inside.
	load functions what=exit
	echo doze >$run
	echo exit >$run &
	exit=$!
	poll asleep 1 || fail "not asleep"
	leave
	waits 1 functions_target_exit functions_exit
	echo wake >$run
	wait $exit
	left
	expect '^functions: exit: entries 1, returns 0, argument -?[0-9]+, value 0, wrong 0$'

	# A probe that was leaked.
	load functions what=leak
	sleep16
	leave
	expect 'probe at functions_target:functions_target_sleep was leaked'
	poll said 3 || fail "it is not said what is waited for"
	! gone || fail "the module is gone, but $(cat $run) tasks are asleep"
	echo wake >$run
	ended 0
	left

	# A hook that was leaked, and makes and drops probes while it is waited for.
	load functions what=leak_hook
	echo doze >$run
	echo sleep >$run &
	tasks=$!
	poll asleep 1 || fail "not asleep"
	leave
	expect '^functions: the probe at functions_target:functions_target_sleep was leaked .*; unregistering it$' \
		'^functions: waiting for 1 calls of functions_target_sleep'
	echo wake >$run
	poll gone || fail "the module does not go"
	ended 0
	left
	expect '^functions: a hook drops 1 probes$' '^functions: a hook makes a probe: -108$' \
		'^functions: no function probe at vfs_rmdir: this module is being unloaded \(.*-108\)$'
fi

for mechanism in kprobe fprobe; do
	[ $mechanism = kprobe ] || $fprobes || continue
	load functions what=sleep mechanism=$mechanism maxactive=16
	sleep16
	unload functions
	asleep 16 || fail "$mechanism: only $(cat $run) are asleep still"
	echo wake >$run
	ended 0
	expect "^functions: sleep: by $mechanism, 1 functions, missed 0, exhausted 0, not followed 0\$"
done
said $($direct && echo 3 || echo 0) || fail "others than direct calls wait"
# None of the returns was seen.
same "$(log | grep -c '^functions: sleep: entries 16, returns 0, argument 21, value 0, wrong 0$')" $($fprobes && echo 2 || echo 1)
unload functions_target

