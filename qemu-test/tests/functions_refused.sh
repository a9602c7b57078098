# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Functions that cannot be probed are refused, or left out, and it is said why, and what to do about it.
load functions_target
load functions what=left_out
unload functions
expect '^functions: all or none: -2$' \
	'^functions: no probe at functions_target:functions_target_missing: no such function, or its module is not loaded' \
	'^functions: untraced: -22$' \
	'^functions: no function probe at functions_target:functions_target_add and 1 others: functions_target_untraced: not traceable; leave it out with that_exist\(\), or probe it alone \(-EINVAL, -22\)$' \
	'^functions: left out functions_target:functions_target_missing: no such function$' \
	'^functions: left out s_next: several functions have this name$' \
	'^functions: left out functions_target_untraced: not traceable$' \
	'^functions: untraced: entries 1, returns 0, argument 12, value 0, wrong 0$' \
	'^functions: untraced: by kprobe, 1 functions, missed 0, '
same "$(log | grep -c '^functions: left out ')" 3

# A function, and what is said of it.
no() {
	refuse functions what=entries "functions=$1"
	expect "^functions: $2"
}
no 'nothing_is_called_this*' 'no function probe at nothing_is_called_this\*: there is no such function that can be probed; /proc/kallsyms has the names \(-ENOENT, -2\)$'
no 'functions_target:functions_target_unt*' 'no function probe at functions_target:functions_target_unt\*: there is no such function that can be probed, none of those that match is traceable \(-ENOENT, -2\)$'
no 'no_such_module:a*' 'no function probe at no_such_module:a\*: that module is not loaded$'
no no_such_function 'no probe at no_such_function: no such function in /proc/kallsyms \(misspelt, inlined, or in a module that is not loaded\)'
no vfs_read,no_such_function_2 'no probe at no_such_function_2: no such function in /proc/kallsyms'
no s_next 's_next is the name of [0-9]+ functions; give the position of the one you mean, such as s_next#'
no vfs_read+$past 'no function probe at vfs_read\+'$past': it is inside a function; a kprobe can be had there \(-EINVAL, -22\)$'
no $noinstr "no function probe at $noinstr\\+0x0/0x[0-9a-f]+: it is code that must not be instrumented \\(noinstr\\); probe what it calls \\(-EINVAL, -22\\)\$"
no "vfs_read,$noinstr" "no function probe at vfs_read,$noinstr: $noinstr: not traceable; leave it out with that_exist\\(\\), or probe it alone \\(-EINVAL, -22\\)\$"
# In memory that was freed when the kernel had started.
no kernel_init_freeable 'no function probe at kernel_init_freeable\+0x0/0x[0-9a-f]+: '
no 'kernel_init_freeabl*' 'no function probe at kernel_init_freeabl\*: there is no such function that can be probed, none of those that match is traceable'

load functions what=in_handler
unload functions
expect '^functions: no probe at vfs_write: probes are registered in process context, not in a handler$' '^functions: in a handler: -35$'

# Nobody switches function tracing off under a probe.
for functions in vfs_read 'vfs_r*'; do
	load functions what=entries "functions=$functions"
	! echo 0 2>/dev/null >/proc/sys/kernel/ftrace_enabled || fail "it can be switched off"
	same "$(cat /proc/sys/kernel/ftrace_enabled)" 1
	unload functions
done
# Where it is off, that is said. Linux 7.3 does not allow it.
if echo 0 2>/dev/null >/proc/sys/kernel/ftrace_enabled; then
	off=0
	refuse_off() {
		refuse functions "$@"
		off=$((off + 1))
		same "$(log | grep -c '^functions: no function probe at .*: function tracing is switched off on this machine (sysctl kernel.ftrace_enabled=1)$')" $off
	}
	refuse_off what=entries functions=vfs_read
	refuse_off what=entries functions='vfs_*'
	refuse_off what=cmdline
	if $by_ftrace; then
		refuse_off what=entries functions=vfs_read mechanism=kprobe
		refuse_off what=returns functions=vfs_read
	fi
	# By fprobe, or by kretprobes.
	if $fprobes || $by_ftrace; then
		refuse_off what=returns functions='vfs_*'
	fi
	echo 1 >/proc/sys/kernel/ftrace_enabled
	load functions what=entries functions=vfs_read
	unload functions
fi
unload functions_target
