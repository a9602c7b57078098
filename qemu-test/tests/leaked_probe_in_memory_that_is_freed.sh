# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load leak freed=1
for _ in 1 2 3 4 5; do busybox true; done
expect '^leak: hit kernel_clone$'
unload leak
expect '^leak: the probe at kernel_clone was leaked .*; unregistering it$'
same "$(probes)" ''
busybox true
