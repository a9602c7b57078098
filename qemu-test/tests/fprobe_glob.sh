# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Calls are counted by function, and the most frequent come first.
calls=/sys/kernel/debug/fprobe_glob/calls
of() {
	awk -v name="$1" '$1 == name { print $2 }' $calls
}
load fprobe_glob 'functions="vfs_* !vfs_fs*"'
expect '^fprobe_glob: counting calls of [0-9]+ functions by [a-z]+, [0-9]+ were left out$'
mkdir /tmp/fprobe_glob
for i in 1 2 3 4 5 6 7; do
	mkdir /tmp/fprobe_glob/$i
	rmdir /tmp/fprobe_glob/$i
done
rmdir /tmp/fprobe_glob
same "$(of vfs_mkdir) $(of vfs_rmdir)" '8 8'
[ "$(of vfs_read)" -gt 8 ] || fail "vfs_read was called $(of vfs_read) times"
# Although awk, for one, calls vfs_fstat().
same "$(awk '$1 ~ /^vfs_fs/' $calls)" ''
same "$(head -n 1 $calls)" calls:
counts=$(awk 'NR > 2 { print $2 }' $calls)
same "$counts" "$(echo "$counts" | sort -rn)"
unload fprobe_glob
refuse fprobe_glob functions=no_such_*
expect '^fprobe_glob: no function probe at no_such_\*: there is no such function that can be probed; /proc/kallsyms has the names \(-ENOENT, -2\)$'
