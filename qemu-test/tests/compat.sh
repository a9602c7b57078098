# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Interfaces of the kernel crate that rust/compat builds otherwise for older kernels.
load compat
expect '^compat: vectors: true true true$' '^compat: aligned: true true$' '^compat: errors: EINVAL ENOTTY$'
expect '^compat: stack: true true false$'
same "$(cat /sys/module/compat/parameters/tell)" N
expect_no 'told'
unload compat
load compat tell=1 times=3
same "$(cat /sys/module/compat/parameters/tell)" Y
same "$(log | grep -c '^compat: told$')" 3
unload compat
