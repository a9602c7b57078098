# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A handler after the instruction: with the instruction pointer behind it, whoever calls it. Of two probes that ftrace
# calls, the first has both its handlers called before the second; else both have the one called, then both the other.
load post
expect '^post: rprobes_post_traced: on ftrace true, calls 110, then 11001100110, post behind by 5, changed 0, result 6$'
expect '^post: rprobes_post_untraced: on ftrace false, calls 110, then 11001011010, post behind by 1, changed 0, result 6$'
unload post
same "$(probes)" ''
