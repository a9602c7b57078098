# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A name that several static functions have.
symbol=$(awk '$2 ~ /[tT]/ && NF == 3 { n[$3]++ } END { for (s in n) if (n[s] > 2 && s ~ /_show$/) { print s, n[s]; exit } }' /proc/kallsyms)
refuse kprobe_example symbol="${symbol% *}"
expect "^kprobe_example: ${symbol% *} is the name of ${symbol#* } functions; give the address of the one you mean"
