# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A handler makes the CPU go on in another function, wherever the probe is, also where it would be optimised.
load redirect
expect '^redirect: rprobes_redirect_traced: 6 1005 154 6$' '^redirect: rprobes_redirect_untraced: 7 1005 154 7$'
expect '^redirect: redirecting: 1005, optimised false; counting: optimised '$optimises'$'
expect '^redirect: on the stack: 70 800, sum 1761$'
same "$(probes)" ''
unload redirect
