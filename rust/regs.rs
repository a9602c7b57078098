// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The registers at a probe.

use kernel::{bindings, prelude::*};

use crate::arch;

/// The registers of the probed context, by the same names on every architecture.
///
/// Wraps `struct pt_regs` of `asm/ptrace.h`. Reading works in any context.
///
/// # Examples
///
/// ```
/// use rprobes::PtRegs;
///
/// /// The third argument of `vfs_read(file, buf, count, pos)`, if the probe is at its entry.
/// fn count(regs: &PtRegs) -> usize {
///     regs.arg(2)
/// }
/// ```
#[repr(transparent)]
pub struct PtRegs(bindings::pt_regs);

impl PtRegs {
    /// What this architecture calls [`ip`](Self::ip): `ip` or `pc`.
    pub const IP_NAME: &'static str = arch::IP_NAME;

    /// What this architecture calls [`flags`](Self::flags): `flags` or `pstate`.
    pub const FLAGS_NAME: &'static str = arch::FLAGS_NAME;

    /// How many arguments of a function arrive in registers: 6 on x86_64, 8 on arm64.
    pub const ARG_REGS: usize = arch::ARG_REGS;

    /// # Safety
    ///
    /// `regs` must be the registers that a probe handler was given, and must not be written during `'a`.
    #[inline(always)]
    pub(crate) unsafe fn from_ptr<'a>(regs: *const bindings::pt_regs) -> &'a Self {
        // SAFETY: `Self` is transparent, and the caller promises the rest.
        unsafe { &*regs.cast() }
    }

    /// The `n`-th integer or pointer argument, counted from 0; `n` below [`ARG_REGS`](Self::ARG_REGS), which is
    /// checked when the module is built.
    ///
    /// This holds an argument only at the entry of a function: later the compiler uses the register for other
    /// things. Same as `regs_get_kernel_argument()`.
    #[doc(alias = "regs_get_kernel_argument")]
    #[inline(always)]
    pub fn arg(&self, n: usize) -> usize {
        build_assert!(n < arch::ARG_REGS);
        arch::arg(&self.0, n)
    }

    /// The instruction pointer. In a handler this is not the probed address (on x86 it is past it): use
    /// [`Context::address`](crate::kprobe::Context::address) for that. Same as `instruction_pointer()`.
    #[doc(alias = "instruction_pointer")]
    #[inline(always)]
    pub fn ip(&self) -> usize {
        arch::ip(&self.0)
    }

    /// The stack pointer. Same as `kernel_stack_pointer()`.
    #[doc(alias = "kernel_stack_pointer")]
    #[inline(always)]
    pub fn sp(&self) -> usize {
        arch::sp(&self.0)
    }

    /// The processor flags: `flags` on x86, `pstate` on arm64.
    #[inline(always)]
    pub fn flags(&self) -> usize {
        arch::flags(&self.0)
    }
}
