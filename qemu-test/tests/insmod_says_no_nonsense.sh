# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# insmod translates the error of a module: "Unknown symbol in module, or unknown parameter" would be nonsense here.
says() {
	! insmod /modules/kprobe_example.ko symbol="$1" 2>/tmp/said || fail "symbol=$1 was not refused"
	grep -q "$2" /tmp/said || fail "insmod with symbol=$1 said: $(cat /tmp/said)"
}
says no_such_function_anywhere 'No such device or address'
says kernel_clone+$inside 'Invalid parameters'
says "$(awk '$2 == "t" && NF == 3 && seen[$3]++ && $3 !~ /[.$]/ { print $3; exit }' /proc/kallsyms)" 'Invalid parameters'
says '' 'Invalid parameters'
says jiffies 'Invalid parameters'
