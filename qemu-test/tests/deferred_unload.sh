# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Both processors push work while the module goes: work with an owner, and work, timers and probes that were leaked.
for _ in 1 2; do
	while [ ! -e /tmp/stop ]; do
		read -r _ </proc/uptime
		echo >/dev/null
	done &
done
for round in 1 2; do
	load deferred what=load
	usleep "${round}0000"
	unload deferred
	load deferred what=leak
	usleep "${round}0000"
	unload deferred
done
touch /tmp/stop
wait
rm /tmp/stop
expect '^deferred: the probe at vfs_read was leaked '
expect '^deferred: a timer was leaked ' '^deferred: a queue of deferred work was leaked '
same "$(probes)" ''
