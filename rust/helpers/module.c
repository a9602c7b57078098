// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
/*
 * The module that all this is linked into.
 */
#include <linux/module.h>

#include <rprobes.h>

const char *rprobes_module_name(void)
{
	return THIS_MODULE->name;
}
