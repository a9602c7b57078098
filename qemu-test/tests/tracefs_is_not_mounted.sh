# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Nobody need have mounted tracefs: not under its own path, nor within debugfs.
umount $tracing
umount /sys/kernel/debug/tracing 2>/dev/null || true
[ ! -e $tracing/trace ] || fail 'tracefs is still mounted'
failed=
insmod /modules/kprobe_event.ko stacktrace=1 hist=keys=flags filter=dfd==-100 || failed='kprobe_event'
insmod /modules/tracing.ko what=instance || failed="$failed tracing"
! insmod /modules/kprobe_events.ko what=register 2>/dev/null || failed="$failed kprobe_events"
rmmod kprobe_event || failed="$failed rmmod"
rmmod tracing || failed="$failed rmmod"
mount -t tracefs tracefs $tracing
[ -z "$failed" ] || fail "these failed while tracefs was not mounted: $failed"
expect '^kprobe_event: myprobe: [0-9]+ hits' 'Invalid register name: "p:mine/plain kernel_clone x=%nosuch"'
same "$(cat $tracing/kprobe_events)$(ls $tracing/instances)" ''
