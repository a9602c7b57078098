# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
load rbtree_probe
dir=/sys/kernel/debug/rbtree_probe
grep -Eq '^target: rb_insert_color\+'$entry'/0x' $dir/target || fail "not planted: $(cat $dir/target)"
recorded() {
	busybox true
	cat $dir/records >/tmp/records
	grep -Eq '^ *[0-9]+  +[0-9]+  +0x[0-9a-f]{16}  +0x[0-9a-f]+$' /tmp/records
}
poll recorded || fail "nothing recorded: $(cat /tmp/records)"
# Another place, inside a function.
echo vfs_read+$past >$dir/target
grep -q '^target: vfs_read+'$past'/0x' $dir/target || fail "not planted: $(cat $dir/target)"
same "$(probes | wc -l)" 1
cat $dir/records >/dev/null
read -r _ </proc/uptime
cat $dir/records >/tmp/records
grep -Eq "^ *$$ " /tmp/records || fail "not recorded: $(cat /tmp/records)"
# A bad one is refused, and nothing is left.
! echo no_such_function_anywhere >$dir/target 2>/dev/null || fail "took a bad function"
expect 'no probe at no_such_function_anywhere'
same "$(cat $dir/target)" 'target: -'
same "$(probes)" ''
echo vfs_read >$dir/target
echo >$dir/target
same "$(probes)" ''
# More than there is room for are counted, not waited for.
echo vfs_read >$dir/target
i=0
while [ $i -lt 1200 ]; do read -r _ </proc/uptime; i=$((i + 1)); done
echo >$dir/target
dropped=$(cat $dir/records | sed -n 's/^dropped: //p')
[ "$dropped" -gt 100 ] || fail "$dropped dropped"
# Whoever has a file open keeps the module.
for file in target records target.json; do
	exec 3<$dir/$file
	! rmmod rbtree_probe 2>/dev/null || fail "unloaded while $file is open"
	exec 3<&-
done
rm /tmp/records
unload rbtree_probe
[ ! -e $dir ] || fail "$dir is still there"
