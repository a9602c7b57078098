# SPDX-License-Identifier: GPL-2.0
# Copyright (C) 2026 The rprobes authors
case $(uname -m) in
aarch64) error='-EINVAL, -22' ;;
*) error='-EILSEQ, -84' ;;
esac
refuse kprobe_example symbol=kernel_clone+$((inside))
expect '^kprobe_example: no probe at kernel_clone\+'$inside': the offset is inside an instruction; .*\('"$error"'\)$'
