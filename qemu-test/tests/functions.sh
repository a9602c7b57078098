# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# Function probes, by whichever mechanism the crate picks: hits, data, arguments, results, recursion.
load functions_target
load functions
log | grep '^functions: '
unload functions
unload functions_target
