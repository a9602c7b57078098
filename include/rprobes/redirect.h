/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * Where a function can be made to return early: rust/helpers/redirect.c
 */
#ifndef _RPROBES_REDIRECT_H
#define _RPROBES_REDIRECT_H

unsigned long rprobes_return_insn(void);

#endif /* _RPROBES_REDIRECT_H */
