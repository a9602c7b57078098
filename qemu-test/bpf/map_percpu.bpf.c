// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
#define COUNTED_TYPE BPF_MAP_TYPE_PERCPU_HASH
#define COUNT(value) (value)++
#include "counted.h"
