// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The system call that a task is in when a probe is hit.
//!
//! C header: [`include/asm-generic/syscall.h`](srctree/include/asm-generic/syscall.h)

use kernel::prelude::*;

use crate::bindings;

/// A system call, as user space made it. May be kept, such as in the per-call data of a return probe.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, ProbeSet, Target};
///
/// struct Kills;
///
/// #[vtable]
/// impl kprobe::Handler for Kills {
///     fn pre(&self, cx: &PreContext<'_>) {
///         let call = cx.syscall();
///         pr_info!("{} sends signal {} to {}\n", cx.comm(), call.arg(1), call.arg(0) as i32);
///     }
/// }
///
/// fn plant() -> Result<ProbeSet> {
///     let mut set = ProbeSet::builder();
///     set.kprobe(Target::syscall(c"kill"), Kills)?;
///     set.register()
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Syscall {
    args: [usize; 6],
    number: i32,
    is_compat: bool,
}

impl Syscall {
    /// That of the current task. Any context.
    pub(crate) fn current() -> Self {
        let mut call = bindings::rprobes_syscall::default();
        // SAFETY: May be called anywhere, and `call` is there to be written to.
        unsafe { bindings::rprobes_syscall(&mut call) };
        Self {
            args: call.args,
            number: call.number,
            is_compat: call.is_compat,
        }
    }

    /// The `n`-th argument, counted from 0; `n` below 6, which is checked when the module is built. 0 if there is no
    /// system call.
    ///
    /// The value is that of the register: of an `int`, only the lower 32 bits count, so write `arg(0) as i32`.
    /// Arguments of callers with 32 bits are extended by zeros; where they have two registers for one argument, such as
    /// an offset in a file, these are two arguments.
    #[doc(alias = "syscall_get_arguments")]
    #[inline(always)]
    pub fn arg(&self, n: usize) -> usize {
        build_assert!(n < 6);
        self.args[n]
    }

    /// The number of the call, which differs between architectures, and for callers with 32 bits. None if the task is in
    /// no system call: a kernel thread, or what an interrupt or a trap has interrupted in user space.
    #[doc(alias = "syscall_get_nr")]
    pub fn number(&self) -> Option<u32> {
        self.number.try_into().ok()
    }

    /// Whether the pointers of the caller have 32 bits: a program for 32 bits; or, on x86, one for 64 bits that calls
    /// by `int $0x80`.
    #[doc(alias = "in_compat_syscall")]
    pub fn is_compat(&self) -> bool {
        self.is_compat
    }
}
