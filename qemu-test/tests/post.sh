# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# A handler after the instruction: with the instruction pointer behind it, whoever calls it. Of two probes that ftrace
# calls, the first has both its handlers called before the second; else both have the one called, then both the other.
load post
case $by_ftrace in
true) traced='true, calls 110, then 11001100110, post behind by 5' untraced=1 ;;
false) traced='false, calls 110, then 11001011010, post behind by 4' untraced=4 ;;
esac
expect '^post: rprobes_post_traced: on ftrace '"$traced"', changed 0, result 6$'
expect '^post: rprobes_post_untraced: on ftrace false, calls 110, then 11001011010, post behind by '$untraced', changed 0, result 6$'
unload post
same "$(probes)" ''
