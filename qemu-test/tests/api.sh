# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
# The API, through a module that probes its own functions.
load api
expect '^api: both: pre 1, post 1, arguments 654321, result 654321, stack near$'
expect '^api: two: first 2, second 1, same address true$'
expect '^api: alias: 1 at rprobes_api_alias at rprobes_api_(target|alias)\+0x.*, same address true$'
expect '^api: Planted \{ target: Some\("rprobes_api_alias"\), address: rprobes_api_.*\+0x.*, stats: Some\(Stats \{ missed: 0, '
expect '^api: second: 3$'
expect '^api: round 0: 1 at rprobes_api_(target|alias)\+0x' '^api: round 1: 1 at rprobes_api_(target|alias)\+0x.* \[api\]$'
expect '^api: symbol: rprobes_api_(target|alias)\+0x0/0x[0-9a-f]+ \[api\], no symbol: 0x10$'
same "$(probes)" ''
unload api
# A hundred calls in no time.
same "$(log | grep -c '^api: chatty at rprobes_api_target$')" 10
