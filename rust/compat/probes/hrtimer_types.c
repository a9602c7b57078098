// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 6.9, "hrtimers: Move hrtimer base related definitions into hrtimer_types.h"
#include <linux/hrtimer_types.h>
