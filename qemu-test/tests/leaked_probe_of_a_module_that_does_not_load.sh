# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
refuse leak fail=1
expect '^leak: the probe at kernel_clone was leaked .*; unregistering it$'
busybox true
