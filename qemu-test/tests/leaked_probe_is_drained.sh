# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load leak
busybox true
expect '^leak: hit kernel_clone$'
unload leak
expect '^leak: the probe at kernel_clone was leaked .*; unregistering it$'
same "$(probes)" ''
busybox true
