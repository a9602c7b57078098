# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A name that several static functions have.
symbol=$(grep ' t [a-z]*_show$' /proc/kallsyms | awk 'NF == 3 { n[$3]++ } END { for (s in n) if (n[s] > 2) { print s, n[s]; exit } }')
refuse kprobe_example symbol="${symbol% *}"
n=${symbol#* } symbol=${symbol% *}
expect "^kprobe_example: $symbol is the name of $n functions; give the position of the one you mean, such as $symbol#$n:\$"
# Each is listed with its neighbours.
i=1
while [ $i -le "$n" ] && [ $i -le 16 ]; do
	expect "^kprobe_example:   $symbol#$i: between [^ ]+ and [^ ]+\$"
	same "$(log | grep -c "$symbol#$i: between [^ ]* and $symbol\$")" 0
	i=$((i + 1))
done
# The positions are those of /proc/kallsyms.
for i in 1 2 "$n"; do
	wanted=$(awk -v name="$symbol" 'NF == 3 && $3 == name' /proc/kallsyms | sed -n "${i}p" | cut -d' ' -f1)
	load probe_set symbols="$symbol#$i"
	# What is registered is this address, or that behind its ENDBR.
	probes | grep -q "^0*$(printf '%x' $((0x$wanted)))\|^0*$(printf '%x' $((0x$wanted + 4)))" || fail "$symbol#$i is not at $wanted: $(probes)"
	unload probe_set
done
refuse kprobe_example symbol="$symbol#$((n + 1))"
expect "no probe at $symbol#$((n + 1)): there are only $n functions of that name"
refuse kprobe_example symbol="$symbol#0"
expect "$symbol#0: no number behind the #; write the second function of a name as function#2"
load kprobe_example symbol="$symbol#2"
unload kprobe_example
