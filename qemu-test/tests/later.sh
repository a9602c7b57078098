# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# Probes that their handlers disable or unregister, a moment later.
load later
expect '^later: first of two names: rprobes_later_target\+0x'
expect '^later: disabled: 1 hits, disabled true, then 2 hits$'
expect '^later: enabled: 40 hits of 40 calls$'
expect '^later: unregistered: 1 hits, stats None, enable Err\(EINVAL\)$'
expect '^later: return probe: 1 hits, stats None$'
expect '^later: in a set: 1 and 2 hits, 1 left$'
# The probe is dropped at the same moment.
expect '^later: races: 50 hits of 50 calls$'
# Or drained.
same "$(probes | wc -l)" 2
unload later
expect '^later: the probe at rprobes_later_no_such_function or rprobes_later_target was leaked '
same "$(probes)" ''
