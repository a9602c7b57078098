# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Full paths of files in handlers, next to those that /proc shows.
[ -e /modules/paths.ko ] || skip "the kernel has no BTF, which says where things are mounted"
work=/tmp/paths
mkdir -p $work/mount $work/bound $work/root/bin $work/root/inside
mount -t tmpfs none $work/mount
mkdir $work/mount/dir
mount --bind $work/mount/dir $work/bound
load paths

# wrote NAME: what was written to descriptor 3 is found under the path that /proc has.
wrote() {
	echo "path-$1" >&3
	wanted=$(readlink /proc/self/fd/3)
	log | grep -qxF "paths: $1: file $wanted" || fail "$1: not as in /proc: $wanted"
	log | grep -qxF "paths: $1: exe $(readlink /proc/$$/exe)" || fail "$1: another executable"
	log | grep -qxF "paths: $1: namespace $(readlink /proc/$$/ns/mnt)" || fail "$1: another mount namespace"
}
# file NAME PATH: the same for a file that is opened.
file() {
	exec 3>"$2"
	wrote "$1"
}

file plain $work/path-plain
log | grep -qxF "paths: open $work/path-plain" || fail "nobody saw it opened"
expect "^paths: plain: file $work/path-plain\$"
file mounted $work/mount/path-mounted
expect "^paths: mounted: file $work/mount/path-mounted\$"
file below $work/mount/dir/path-below
file bound $work/bound/path-bound
expect "^paths: bound: file $work/bound/path-bound\$" "^paths: open $work/bound/path-bound\$"
file proc /proc/self/comm
file dev /dev/null
file sys /sys/kernel/tracing/trace_marker
file deleted $work/mount/dir/gone
rm $work/mount/dir/gone
wrote again
expect "^paths: again: file $work/mount/dir/gone \\(deleted\\)\$"
file root /path-root
rm /path-root

# What is in no directory.
mkfifo $work/fifo
exec 3<>$work/fifo
wrote fifo
echo path-pipe | cat >/dev/null
expect '^paths: pipe: file pipe:\[[1-9][0-9]*\]$'
(wrote numbered) 3>&1 | cat >/dev/null
expect '^paths: numbered: file pipe:\[[1-9][0-9]*\]$'
ifconfig lo 127.0.0.1 up
nc -l -p 77 >/dev/null &
socket() { echo path-socket | nc 127.0.0.1 77 2>/dev/null; }
poll socket || fail "no connection"
wait $!
expect '^paths: socket: file socket:\[[1-9][0-9]*\]$'

log | grep -q '^paths: as the kernel' || fail "no files of the module's own"
expect_no '^paths: (as the kernel false|not as the kernel)'
# Those that the kernel has.
namespaces=
[ ! -e /proc/self/ns/net ] || namespaces='net:\[[0-9]+\]'
[ ! -e /proc/self/ns/pid_for_children ] || namespaces="$namespaces pid:\[[0-9]+\]"
for found in 'anon_inode:\[rprobes\]' '/rprobes \(deleted\)' $namespaces /proc /; do
	expect "^paths: as the kernel true: $found\$"
done

# From the root of a process: inside, and of what was opened outside.
cp /bin/busybox $work/root/bin/sh
mount -t tmpfs none $work/root/inside
chroot $work/root /bin/sh -c 'echo path-chroot >/inside/path-chroot; echo path-outside >&3' 3>$work/path-outside
expect '^paths: chroot: file /inside/path-chroot$' '^paths: open /inside/path-chroot$' '^paths: chroot: exe /bin/sh$'
expect "^paths: outside: file $work/path-outside\$"
unshare -m sh -c "umount $work/bound; mount -t tmpfs none $work/bound; echo path-other >$work/bound/path-other; readlink /proc/\$\$/ns/mnt" >$work/ns
expect "^paths: other: file $work/bound/path-other\$"
log | grep -qxF "paths: other: namespace $(cat $work/ns)" || fail "another mount namespace than $(cat $work/ns)"
[ "$(cat $work/ns)" != "$(readlink /proc/self/ns/mnt)" ] || fail "the mount namespace is that of everyone"

# Cut from the front, in a buffer of any length.
file cut $work/path-cut
length=$(printf %s "$work/path-cut" | wc -c)
len=0
while [ $len -le 32 ]; do
	if [ $len -lt "$length" ]; then
		wanted="true ...$(printf %s "$work/path-cut" | tail -c $len)"
	else
		wanted="false $work/path-cut"
	fi
	log | grep -qxF "paths: in $len: $wanted" || fail "in $len bytes: no $wanted"
	len=$((len + 1))
done

# Within the file system; and below more directories than are looked at.
rm $work/mount/path-mounted $work/bound/path-bound
expect '^paths: unlink /path-mounted$' '^paths: unlink /dir/path-bound$'
deep=$work/mount
for i in $(seq 300); do deep=$deep/d; done
mkdir -p "$deep"
: >"$deep/path-deep"
rm "$deep/path-deep"
# The file, and 255 directories.
expect '^paths: unlink, 520 bytes, true$'

# No address of a file: an error each time, which is reported.
same "$(log | grep -c '^paths: garbage: an error$')" 8
same "$(log | grep -c '^paths: garbage: a fault$')" 24
expect_no '^paths: garbage: at'
unload paths
exec 3>&-
umount $work/bound $work/root/inside $work/mount
rm -r $work
