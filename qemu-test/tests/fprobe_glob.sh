# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load fprobe_glob
for i in 1 2 3; do cat /proc/uptime >/dev/null; done
expect 'counting calls'
cat /sys/kernel/debug/fprobe_glob/calls
log | grep fprobe_glob
unload fprobe_glob
