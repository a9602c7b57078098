# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# The module goes while its stream is open: who waits reads the end of the file, who does not can go on and close it, and
# nobody holds up rmmod.
dir=/sys/kernel/debug/stream
opened() { poll eval "ls -l /proc/$1/fd | grep -q $dir/"; }

for leak in 0 1; do
	load stream leak=$leak
	cat $dir/calls >/tmp/stream.cat &
	cat=$!
	stream read $dir/calls.bin >/tmp/stream.read &
	read=$!
	stream poll $dir/calls.bin >/tmp/stream.poll &
	poller=$!
	stream hold $dir/calls >/tmp/stream.hold &
	hold=$!
	stream epoll $dir/calls.bin >/tmp/stream.epoll &
	epoll=$!
	for pid in $cat $read $poller $hold $epoll; do
		opened "$pid" || fail "$pid has not opened its file"
	done
	# They wait.
	poll eval "grep -q S /proc/$read/stat && grep -q S /proc/$poller/stat"
	echo 2 10 0 0 >/sys/module/stream/parameters/run
	before=$(cut -d' ' -f1 /proc/uptime)
	unload stream
	after=$(cut -d' ' -f1 /proc/uptime)
	echo "$before $after" | awk '{ exit $2 - $1 > 5 }' || fail "rmmod took from $before to $after"
	wait $cat || fail "cat fails"
	wait $read
	wait $poller
	same "$(wc -l </tmp/stream.cat)" 20
	for how in read poll; do
		grep -q '^records 20 lost 0 .* end 0$' /tmp/stream.$how || fail "$how: $(cat /tmp/stream.$how)"
	done
	# The same module again, while files of the former one are open.
	load stream
	kill -TERM $hold
	wait $hold
	same "$(xargs </tmp/stream.hold)" 'open 0 poll 16 read -5 close 0'
	wait $epoll
	grep -q '^records 20 lost 0 .* end 0$' /tmp/stream.epoll || fail "$(cat /tmp/stream.epoll)"
	same "$(sed '1,/^records/d' /tmp/stream.epoll | xargs)" 'then epoll 1 and read -5 and close 0'
	unload stream
done

# Who reads is the last that runs, and may still leave something to be done.
load stream late=1
cat $dir/late >/tmp/stream.late 2>/dev/null &
late=$!
opened $late || fail "not opened"
poll grep -q ' D ' /proc/$late/stat || fail "nobody reads"
unload stream
# It was too late to read the end.
! wait $late || fail "cat has not noticed"
same "$(cat /tmp/stream.late)" 'Some(true)'
expect '^stream: no queue of deferred work: the module is being unloaded'

# Again and again, with readers that come and go.
for capacity in 1 100 4096 65536 1000; do
	load stream capacity=$capacity
	(while cat $dir/calls >/dev/null 2>&1; do :; done) &
	(while stream poll $dir/calls.bin >/dev/null 2>&1; do :; done) &
	echo 4 200 0 0 >/sys/module/stream/parameters/run
	unload stream
	wait
done
rm /tmp/stream.*
