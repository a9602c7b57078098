/* SPDX-License-Identifier: GPL-2.0 */
/* Copyright (C) 2026 The rprobes authors */
/*
 * All system calls, as sys_*(): for their names and parameters, not to be called. Where each has a wrapper with one argument,
 * the kernel's header leaves them out.
 */
#include <generated/autoconf.h>
#undef CONFIG_ARCH_HAS_SYSCALL_WRAPPER
#include <linux/syscalls.h>
