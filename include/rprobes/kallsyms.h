/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Looking symbols up: rust/helpers/kallsyms.c
 */
#ifndef _RPROBES_KALLSYMS_H
#define _RPROBES_KALLSYMS_H

#include <linux/kallsyms.h>
#include <linux/types.h>

/* bindgen cannot evaluate a macro with sizeof in it. */
enum { RPROBES_KSYM_SYMBOL_LEN = KSYM_SYMBOL_LEN };

int rprobes_kallsyms_find(const char *name, const char *module, void (*found)(void *data, unsigned long address),
			  void *data);
bool rprobes_glob(const char *pattern, const char *name);
int rprobes_kallsyms_each(const char *pattern, const char *module,
			  bool (*visit)(void *data, const char *name, unsigned long address), void *data);

#endif /* _RPROBES_KALLSYMS_H */
