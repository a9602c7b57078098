# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The kernel's own samples and ours, on the same function in the same boot: what they print agrees field by field.
load c_kprobe_example
load kprobe_example
busybox true
expect 'handler_post: <kernel_clone>' '^kprobe_example: <kernel_clone> post_handler: '
unload kprobe_example
unload c_kprobe_example
fields() {
	log | sed -n "s/^$1: <kernel_clone> $2p->addr = [^,]*, //p" | sed 's/^pc = 0x/pc = /'
}
# Ours was loaded after and unloaded before: all its hits are among those of C, with the same fields.
fields handler_pre '' >/tmp/c
fields kprobe_example 'pre_handler: ' >/tmp/rust
[ -s /tmp/rust ] || fail "nothing to compare"
while read -r line; do
	grep -Fqx "$line" /tmp/c || fail "C has no line with '$line', but: $(cat /tmp/c)"
done </tmp/rust
fields handler_post '' | grep -Eqx '(flags|pstate) = 0x[0-9a-f]+' || fail "no flags of C"
fields kprobe_example 'post_handler: ' | grep -Eqx '(flags|pstate) = 0x[0-9a-f]+' || fail "no flags of ours"

load c_kretprobe_example
load kretprobe_example
busybox true
expect '^kernel_clone returned ' '^kretprobe_example: kernel_clone returned '
unload kretprobe_example
unload c_kretprobe_example
log | sed -n 's/^kernel_clone returned \([0-9]*\) and took \([0-9]*\) ns to execute$/\1/p' >/tmp/c
log | sed -n 's/^kretprobe_example: kernel_clone returned \([0-9]*\) and took \([0-9]*\) ns to execute$/\1/p' >/tmp/rust
[ -s /tmp/rust ] || fail "nothing to compare"
while read -r value; do
	grep -qx "$value" /tmp/c || fail "C has not seen $value, but: $(cat /tmp/c)"
done </tmp/rust
