// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 6.12, where it is not exported yet
#include <linux/vmalloc.h>
void *probe(void *p);
void *probe(void *p)
{
	return vrealloc(p, 8, GFP_KERNEL);
}
