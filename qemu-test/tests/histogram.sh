# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
file=/sys/kernel/debug/histogram/latency_ns
counted() {
	awk '{ n += $4 } END { print n }' $file
}
for mechanism in '' kprobe fprobe; do
	# Not all kernels have fprobes that see returns.
	if [ "$mechanism" = fprobe ] && ! insmod /modules/histogram.ko mechanism=fprobe 2>/dev/null; then
		expect '^histogram: no probe by fprobe at vfs_read.*: this kernel has no fprobes, or none that follow calls'
		continue
	fi
	[ "$mechanism" = fprobe ] || load histogram "mechanism=$mechanism"
	for _ in 1 2 3 4 5; do read -r _ </proc/uptime; done
	grep -Eq '^ +[0-9]+ \.\. [0-9]+ +[0-9]+ \|#* *\|$' $file || fail "no histogram: $(cat $file)"
	before=$(counted)
	for _ in 1 2 3 4 5; do read -r _ </proc/uptime; done
	after=$(counted)
	[ "$after" -ge $((before + 5)) ] || fail "$mechanism: $before, then $after"
	unload histogram
	[ ! -e $file ] || fail "$file is still there"
	same "$(probes)" ''
done
refuse histogram func=no_such_function_anywhere
expect 'no probe at no_such_function_anywhere'
[ ! -e /sys/kernel/debug/histogram ] || fail "the directory is left"
refuse histogram mechanism=magic
expect '^histogram: magic: no mechanism; there are direct, ftrace, fprobe and kprobe$'
