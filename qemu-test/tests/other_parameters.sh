# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Integers and bools are the kernel crate's own, beside our strings.
modinfo /modules/ftrace_demo.ko | grep -q '^parm: *off:.* (bool)$' || fail "not in modinfo"
refuse ftrace_demo off=perhaps
expect '`perhaps. invalid for parameter .off'
