# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Functions of idle CPUs. Where RCU is not watching, nothing can be traced, or, before Linux 6.3, no handler is called.
load functions_target
idle() {
	usleep 500000
}
load functions what=entries functions='*idle*'
idle
unload functions
expect '^functions: entries: by ftrace, [1-9][0-9]* functions, ' '^functions: entries: entries [1-9][0-9]*, '
load functions what=returns functions='*idle*'
idle
unload functions
expect '^functions: returns: entries [1-9][0-9]*, returns [1-9][0-9]*, '
# do_idle() calls it, as RCU does not watch any more.
for mechanism in '' ftrace; do
	if grep -qx default_idle $tracing/available_filter_functions; then
		load functions what=entries functions=default_idle mechanism=$mechanism
		idle
		unload functions
		by=ftrace
		! $direct || [ -n "$mechanism" ] || by='direct call'
		expect "^functions: entries: by $by, 1 functions, missed [1-9][0-9]*, exhausted 0, not followed 0\$"
	else
		refuse functions what=entries functions=default_idle mechanism=$mechanism
	fi
done
# None of those by one function was called.
expect_no '^functions: entries: by .*, 1 functions, missed 0,'
unload functions_target
