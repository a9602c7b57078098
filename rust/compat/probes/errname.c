// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Exported since Linux 6.4
#include <linux/errname.h>
const char *probe(void);
const char *probe(void)
{
	return errname(1);
}
