# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load histogram
file=/sys/kernel/debug/histogram/latency_ns
for _ in 1 2 3 4 5; do read -r _ </proc/uptime; done
grep -Eq '^ +[0-9]+ \.\. [0-9]+ +[0-9]+ \|#* *\|$' $file || fail "no histogram: $(cat $file)"
before=$(awk '{ n += $4 } END { print n }' $file)
for _ in 1 2 3 4 5; do read -r _ </proc/uptime; done
after=$(awk '{ n += $4 } END { print n }' $file)
[ "$after" -ge $((before + 5)) ] || fail "$before, then $after"
unload histogram
[ ! -e $file ] || fail "$file is still there"
same "$(probes)" ''
refuse histogram func=no_such_function_anywhere
expect 'no probe at no_such_function_anywhere'
[ ! -e /sys/kernel/debug/histogram ] || fail "the directory is left"
