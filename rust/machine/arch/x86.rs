// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! x86_64: [`arch/x86/include/asm/ptrace.h`](srctree/arch/x86/include/asm/ptrace.h).

use kernel::bindings::pt_regs;

use super::Planted;
use crate::{bindings, machine::memory};

pub(crate) const ARG_REGS: usize = 6;
/// The return address is at the top of the stack.
pub(crate) const STACK_ARGS_AT: usize = 1;
pub(crate) const IP_NAME: &str = "ip";
pub(crate) const FLAGS_NAME: &str = "flags";
pub(crate) const SYSCALL: &str = "__x64_sys_";
pub(crate) const SYSCALL_32: &[&str] = &["__ia32_sys_", "__ia32_compat_sys_"];

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

pub(crate) fn is_insn_aligned(_address: usize) -> bool {
    true
}

/// The 5-byte NOP that ftrace has put there, or its call. Behind the landing pad (ENDBR), which the kernel skips.
pub(crate) fn is_ftrace_insn(function: usize, offset: usize) -> bool {
    const LANDING_PAD: usize = 4;
    let looks_like_it = |at| {
        matches!(
            memory::read::<[u8; 5]>(function + at),
            Ok([0x0f, 0x1f, 0x44, 0, 0] | [0xe8, ..])
        )
    };
    cfg!(CONFIG_KPROBES_ON_FTRACE)
        && ((offset == 0 && looks_like_it(0))
            || (offset == 0 || offset == LANDING_PAD) && looks_like_it(LANDING_PAD))
}

/// INT3, or the JMP rel32 that an optimised probe has instead.
pub(crate) fn planted(address: usize) -> Planted {
    match memory::read::<u8>(address) {
        Ok(0xcc) => Planted::Breakpoint,
        Ok(0xe9) => Planted::Jump,
        _ => Planted::Nothing,
    }
}

#[inline(always)]
pub(crate) fn return_value(regs: &pt_regs) -> usize {
    regs.ax
}

/// The second word of a value of two.
#[inline(always)]
pub(crate) fn return_value_high(regs: &pt_regs) -> usize {
    regs.dx
}

#[inline(always)]
pub(crate) fn set_arg(regs: &mut pt_regs, n: usize, value: usize) {
    *match n {
        0 => &mut regs.di,
        1 => &mut regs.si,
        2 => &mut regs.dx,
        3 => &mut regs.cx,
        4 => &mut regs.r8,
        _ => &mut regs.r9,
    } = value;
}

#[inline(always)]
pub(crate) fn set_return_value(regs: &mut pt_regs, value: usize) {
    regs.ax = value;
}

#[inline(always)]
pub(crate) fn set_ip(regs: &mut pt_regs, address: usize) {
    regs.ip = address;
}

/// Goes on at an instruction that returns; or, on a kernel without dynamic ftrace, where that would go.
pub(crate) fn return_early(regs: &mut pt_regs, value: usize) {
    // SAFETY: May be called at any time.
    let insn = unsafe { bindings::rprobes_return_insn() };
    if insn != 0 {
        regs.ax = value;
        regs.ip = insn;
    } else if let Ok(address) = memory::read(regs.sp) {
        // A function that was entered has its return address on the stack, so the read does not fail.
        regs.ax = value;
        regs.ip = address;
        regs.sp += size_of::<usize>();
    }
}

/// Adds to this CPU's copy of the `I`-th word: one instruction, so no other CPU and no interrupt comes between.
///
/// # Safety
///
/// `words` must be what `rprobes_percpu_alloc` has returned for more than `I` words.
#[inline(always)]
pub(crate) unsafe fn percpu_add<const I: usize>(words: *mut u64, n: u64) {
    // SAFETY: %gs is what leads from the allocation to this CPU's copy of it.
    unsafe {
        core::arch::asm!(
            "add qword ptr gs:[{words} + {at}], {n}",
            words = in(reg) words,
            at = const I * size_of::<u64>(),
            n = in(reg) n,
            options(nostack)
        )
    }
}

/// Adds 1 to this CPU's copy of the `I`-th word.
///
/// # Safety
///
/// As for [`percpu_add`].
#[inline(always)]
pub(crate) unsafe fn percpu_inc<const I: usize>(words: *mut u64) {
    // SAFETY: %gs is what leads from the allocation to this CPU's copy of it.
    unsafe {
        core::arch::asm!(
            "inc qword ptr gs:[{words} + {at}]",
            words = in(reg) words,
            at = const I * size_of::<u64>(),
            options(nostack)
        )
    }
}
