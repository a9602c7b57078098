# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load cases
for case in kprobe kprobes kprobe_missed kretprobe kretprobes stacktrace_on_kretprobe stacktrace_on_nested_kretprobe; do
	expect "^cases: ok $case\$"
done
expect_no '^cases: not ok'
unload cases
same "$(probes)" ''
