// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! arm64: [`arch/arm64/include/asm/ptrace.h`](srctree/arch/arm64/include/asm/ptrace.h).

use kernel::bindings::{pt_regs, user_pt_regs};

pub(crate) const ARG_REGS: usize = 8;
pub(crate) const IP_NAME: &str = "pc";
pub(crate) const FLAGS_NAME: &str = "pstate";

#[inline(always)]
fn user(regs: &pt_regs) -> &user_pt_regs {
    // SAFETY: Both members of the union hold these registers in the same layout, all of them integers.
    unsafe { &regs.__bindgen_anon_1.user_regs }
}

#[inline(always)]
pub(crate) fn arg(regs: &pt_regs, n: usize) -> usize {
    user(regs).regs[n & (ARG_REGS - 1)] as usize
}

#[inline(always)]
pub(crate) fn ip(regs: &pt_regs) -> usize {
    user(regs).pc as usize
}

#[inline(always)]
pub(crate) fn sp(regs: &pt_regs) -> usize {
    user(regs).sp as usize
}

#[inline(always)]
pub(crate) fn flags(regs: &pt_regs) -> usize {
    user(regs).pstate as usize
}
