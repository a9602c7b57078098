# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The types cannot prevent it, so it is refused.
(while [ ! -e /tmp/stop ]; do read -r _ </proc/uptime; done) &
load in_handler
touch /tmp/stop
wait
rm /tmp/stop
expect '^in_handler: no probe at vfs_write: probes are registered in process context, not in a handler$'
expect '^in_handler: in a handler: -35$'
unload in_handler
same "$(probes)" ''
