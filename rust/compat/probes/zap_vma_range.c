// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 7.x: zap_page_range_single() before
#include <linux/mm.h>
void probe(struct vm_area_struct *vma);
void probe(struct vm_area_struct *vma)
{
	zap_vma_range(vma, 0, 0);
}
