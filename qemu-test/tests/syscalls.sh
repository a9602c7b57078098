# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
#
# System calls and user memory, as handlers see those of a program.
load syscalls
expect '^syscalls: 11 members, 1 missing$' '^syscalls: first: '${syscall}'kill\+'$entry'/0x[0-9a-f]+, 0 missed$'
expect '^syscalls: sys_kill is a system call: probing '${syscall}'kill, '
expect '^syscalls: no probe at sys_no_such_call: this kernel has no such system call \(-ENOENT, -2\)$' '^syscalls: no_such_call: ENOENT$'

calls kill
expect '^syscalls: kill: \[74cbb1, a\], compat false, in a call true$'
expect '^syscalls: kret: \[74cbb1, a\], compat false, in a call true$' '^syscalls: kret: returned -3, same true$'
# The fourth argument is in another register than that of a function.
calls pread64
expect '^syscalls: pread64: \[10e1, 1111, 2222, 3333\], compat false, in a call true$'
expect '^syscalls: scratch: 4 and 4 levels, 2 refused$'

calls edge
expect '^syscalls: entry: /no/such/path/whose/end/is/where/the/memory/ends, by read Err\(EFAULT\)$'
expect '^syscalls: return: /no/such/path/whose/end/is/where/the/memory/ends, cut off false$'
printf '/no/such/path/in/a/file\0' >/tmp/long
calls untouched /tmp/long
expect '^syscalls: entry: /tmp/long, ' '^syscalls: entry: EFAULT, by read Err\(EFAULT\)$'
expect '^syscalls: return: /no/such/path/in, cut off true$'
printf '/no/such/path/al\0' >/tmp/fits
calls untouched /tmp/fits
expect '^syscalls: return: /no/such/path/al, cut off false$'

calls execve /bin/true one two three
expect '^syscalls: argv\[0\]: Ok\(.?/bin/true.?\)$' '^syscalls: argv\[2\]: Ok\(.?two.?\)$' '^syscalls: argv: 4 in all$'
expect '^syscalls: strings in 12: /bin/true on \(12\)$' '^syscalls: strings in 13: /bin/true one \(13\)$'
expect '^syscalls: strings in 14: /bin/true one \(14\)$' '^syscalls: strings in 100: /bin/true one two three \(24\)$'
expect '^syscalls: nowhere: Some\(Err\(EFAULT\)\), None$'
expect_no 'argv\[3\]'
# What replaces the program replaces the registers.
expect '^syscalls: execve: \[0, 0\], compat false, in a call true$' '^syscalls: execve: returned 0, same false$'

calls getpid
calls spin
case $(uname -m) in
aarch64) others=1 ;;
*)
	# From the 64-bit program, but as one for 32 bits would do it: by other registers, of which the lower halves count,
	# and another entry.
	calls kill_32
	expect '^syscalls: kill: \[74cbb2, c\], compat true, in a call true$' '^syscalls: kret: \[74cbb2, c\], compat true'
	expect '^syscalls: scratch: 4 and 4 levels, 4 refused$'
	calls getpid_32
	others=2
	;;
esac
same "$(probes | grep -c ' __ia32_sys_kill+')" $((others == 2 ? 3 : 0))
unload syscalls
# Once for each call, although on x86 the entry has several names.
expect "^syscalls: getpid: $others hits, 0 outside of calls\$"
expect '^syscalls: interrupts: [1-9][0-9]* hits, [1-9][0-9]* outside of calls$'
threads=$(log | sed -n 's/^syscalls: kernel threads: \([0-9]*\) hits, \([0-9]*\) outside of calls$/\1 \2/p')
same "${threads% *}" "${threads#* }"
[ "${threads% *}" -gt 0 ] || fail "no kernel thread was seen: $threads"
same "$(probes)" ''
