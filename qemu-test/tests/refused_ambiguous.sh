# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A name that several static functions have.
symbol=$(grep ' t [a-z]*_show$' /proc/kallsyms | awk 'NF == 3 { n[$3]++ } END { for (s in n) if (n[s] > 2) { print s, n[s]; exit } }')
refuse kprobe_example symbol="${symbol% *}"
expect "^kprobe_example: ${symbol% *} is the name of ${symbol#* } functions; give the address of the one you mean"
