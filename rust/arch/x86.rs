// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! x86_64: [`arch/x86/include/asm/ptrace.h`](srctree/arch/x86/include/asm/ptrace.h).

use kernel::bindings::pt_regs;

pub(crate) const ARG_REGS: usize = 6;
pub(crate) const IP_NAME: &str = "ip";
pub(crate) const FLAGS_NAME: &str = "flags";

#[inline(always)]
pub(crate) fn arg(regs: &pt_regs, n: usize) -> usize {
    match n {
        0 => regs.di,
        1 => regs.si,
        2 => regs.dx,
        3 => regs.cx,
        4 => regs.r8,
        _ => regs.r9,
    }
}

#[inline(always)]
pub(crate) fn ip(regs: &pt_regs) -> usize {
    regs.ip
}

#[inline(always)]
pub(crate) fn sp(regs: &pt_regs) -> usize {
    regs.sp
}

#[inline(always)]
pub(crate) fn flags(regs: &pt_regs) -> usize {
    regs.flags
}
