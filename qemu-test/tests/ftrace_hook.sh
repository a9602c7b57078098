# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Lines before and after clone and execve; and processes that are inside as the module is unloaded do not return into it.
load ftrace_hook
(exec /bin/true)
expect '^ftrace_hook: clone\(\) before: [0-9]+ ' '^ftrace_hook: clone\(\) after: [1-9][0-9]*$'
expect '^ftrace_hook: execve\(\) before: [0-9]+ /bin/true$' '^ftrace_hook: execve\(\) after: 0$'
/bin/no-such-file 2>/dev/null
unload ftrace_hook
