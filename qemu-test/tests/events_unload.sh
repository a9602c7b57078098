# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A module goes while its events are switched on, in the trace buffer and in an instance, while they are emitted, and while
# somebody reads them; not while a program has them open as perf does. Events can be switched on before it comes.
instance=$tracing/instances/rprobes
mkdir $instance
for round in 1 2 3; do
	load events
	echo 1 >$tracing/events/events/enable
	echo 1 >$instance/events/events/enable
	cat $instance/trace_pipe >/tmp/piped &
	reader=$!
	echo 1000 >/sys/module/events/parameters/run
	cat /tmp/x 2>/dev/null || true
	poll grep -q 'hit: on=[0-9]* n=999$' /tmp/piped || fail 'nobody has read the last one'
	(while echo 1000 >/sys/module/events/parameters/run; do :; done) 2>/dev/null &
	poll grep -q 'all_kinds: .* path=/tmp/x ' /tmp/piped || fail 'nobody has read of the file'
	poll rmmod events 2>/dev/null || fail 'rmmod events: refused'
	wait $!
	kill $reader
	wait $reader || true
	[ ! -e $instance/events/events ] || fail 'the events are still there'
	cat $tracing/trace $instance/trace >/dev/null
done
expect '^events: calls [1-9]'
rm /tmp/piped

load events
mkfifo /tmp/end
perf_event "$(cat $tracing/events/events/all_kinds/id)" </tmp/end >/tmp/perf &
perf=$!
exec 9>/tmp/end
poll grep -q '^open$' /tmp/perf || fail "perf_event: $(cat /tmp/perf)"
! rmmod events 2>/dev/null || fail 'unloaded while perf has an event open'
exec 9>&-
wait $perf
same "$(tail -n 1 /tmp/perf)" 'events 1'
poll rmmod events 2>/dev/null || fail 'rmmod events: refused'
rm /tmp/end /tmp/perf

# Linux 6.15 and later remember what is to be switched on in modules.
if echo ':mod:events' >$instance/set_event 2>/dev/null; then
	load events
	same "$(cat $instance/events/events/enable)" 1
	grep -q 'hit: on=0 n=4711$' $instance/trace || fail "no event of the module's init in the instance"
	unload events
fi
rmdir $instance
echo >$tracing/trace
