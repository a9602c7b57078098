# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
echo >$tracing/trace
load tracing what=lines
# What stands behind the function that it was printed by.
lines() {
	sed -n 's/^ *insmod-[^:]*: [^:]*: //p' $tracing/trace
}
x=$(printf '%511s' '' | tr ' ' x)
wanted=$(printf '%s\n' 'a text alone' 'no newline' '{braces}' '1 and two' '1 inline' '    42|0xff' "$x" \
	'-9223372036854775808 18446744073709551615 0 -1' '1c|' '1 two' 'two 1' '1 1' 'behind')
same "$(lines)" "$wanted"
unload tracing
same "$(lines)" "$wanted"
