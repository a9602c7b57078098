// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
#define COUNTED_TYPE BPF_MAP_TYPE_HASH
#define COUNT(value) __sync_fetch_and_add(&(value), 1)
#include "counted.h"
