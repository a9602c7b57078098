# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# A probe on thousands of functions, of all parts of the kernel.
load functions_target
load functions what=entries functions='[n-s]*'
busybox true
unload functions
expect '^functions: entries: by ftrace, [1-9][0-9]{3,4} functions, missed [0-9]+, exhausted 0, not followed 0$' \
	'^functions: entries: entries [1-9][0-9]{3,}, returns 0, '
unload functions_target
