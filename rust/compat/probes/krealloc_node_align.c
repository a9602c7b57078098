// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 6.18: krealloc() and kin take an alignment and a node
#include <linux/slab.h>
void *probe(void *p);
void *probe(void *p)
{
	return krealloc_node_align(p, 8, 8, GFP_KERNEL, NUMA_NO_NODE);
}
