// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Functions of the kernel's, with their arguments and results.

use kernel::prelude::*;

use super::{Plain, Value};
use crate::machine::{arch, memory, memory::Space, PtRegs, Syscall};

/// What a handler knows of the function that it is for: [`Raw`], or a [`Function`] of [`kernel_types!`](crate::kernel_types!).
///
/// # Safety
///
/// Implemented by the build only. The constants must be true of the function: what they leave out is not preserved for it.
pub unsafe trait Signature: Sized + 'static {
    /// What the function returns.
    type Return;

    /// In how many registers it has arguments, or may have, from the first on.
    #[doc(hidden)]
    const REGISTERS: usize;

    /// Whether it has arguments on the stack, or may have.
    #[doc(hidden)]
    const ON_STACK: bool;

    /// In how many registers its result is, or may be.
    #[doc(hidden)]
    const RETURN_WORDS: usize;

    #[doc(hidden)]
    fn returned(regs: &PtRegs) -> Self::Return;
}

/// A function of the kernel's that [`kernel_types!`](crate::kernel_types!) has declared.
#[diagnostic::on_unimplemented(
    message = "this handler is for raw registers, so arguments have no names",
    note = "declare the function, `kernel_types! {{ fn vfs_read; }}`, and name it: `impl kprobe::Handler<vfs_read> for …`, \
            `PreContext<'_, vfs_read>`"
)]
pub trait Function: Signature {
    /// As C declares it.
    const PROTOTYPE: &'static str;

    /// Its arguments: a method for each, by its name in C.
    type Args<'a>;

    #[doc(hidden)]
    fn args(regs: &PtRegs) -> Self::Args<'_>;
}

/// Any place, of which nothing is known: its handlers see registers.
// The compiler quotes the next line if a handler for raw registers asks for arguments by name.
pub enum Raw {} // to name arguments: kernel_types! { fn f; }, impl Handler<f> for …, PreContext<'_, f>

// SAFETY: Whatever there may be is preserved.
unsafe impl Signature for Raw {
    type Return = usize;
    const REGISTERS: usize = arch::ARG_REGS;
    const ON_STACK: bool = true;
    const RETURN_WORDS: usize = 2;

    #[inline(always)]
    fn returned(regs: &PtRegs) -> usize {
        regs.return_value()
    }
}

/// The result of a function that returns a struct in memory: it is not to be had.
#[derive(Clone, Copy, Debug)]
pub struct NotInRegisters;

impl Syscall {
    /// An argument, as the kernel's types have it.
    #[doc(hidden)]
    #[inline(always)]
    pub fn value<T: Plain>(&self, n: usize) -> Value<T> {
        from_words::<T>([self.arg(n), 0])
    }

    /// A `long`: callers with 32 bits have one of these, with its sign.
    #[doc(hidden)]
    #[inline(always)]
    pub fn long(&self, n: usize) -> isize {
        if self.is_compat() {
            self.arg(n) as i32 as isize
        } else {
            self.arg(n) as isize
        }
    }
}

/// What stands in these words, from the first byte on: both architectures are little-endian.
#[inline(always)]
pub(crate) fn from_words<T: Plain>(words: [usize; 2]) -> Value<T> {
    const { assert!(size_of::<T>() <= size_of::<[usize; 2]>()) };
    // SAFETY: There are as many bytes, and any bytes are a `Plain`.
    unsafe { words.as_ptr().cast::<T>().read_unaligned() }.value()
}

/// What the generated types call.
#[allow(missing_docs)]
pub(super) mod __private {
    use super::*;

    #[inline(always)]
    pub fn register<T: Plain, const N: usize>(regs: &PtRegs) -> Value<T> {
        from_words::<T>([regs.arg(N), 0])
    }

    #[inline(always)]
    pub fn pair<T: Plain, const N: usize>(regs: &PtRegs) -> Value<T> {
        from_words::<T>([regs.arg(N), regs.arg(N + 1)])
    }

    pub fn on_stack<T: Plain>(regs: &PtRegs, word: usize) -> Result<Value<T>> {
        let at = (word + arch::STACK_ARGS_AT) * size_of::<usize>();
        read::<T>(regs.sp().wrapping_add(at))
    }

    pub fn pointed<T: Plain, const N: usize>(regs: &PtRegs) -> Result<Value<T>> {
        read::<T>(regs.arg(N))
    }

    fn read<T: Plain>(address: usize) -> Result<Value<T>> {
        const {
            assert!(
                size_of::<T>() <= 512,
                "it is larger than what the kernel's stack has room for"
            )
        };
        // SAFETY: Any bytes are a `Plain`.
        unsafe { memory::read_any::<T>(address, Space::Kernel) }.map(Plain::value)
    }

    #[inline(always)]
    pub fn syscall() -> Syscall {
        Syscall::current()
    }

    #[inline(always)]
    pub fn returned<T: Plain>(regs: &PtRegs) -> Value<T> {
        from_words::<T>(regs.return_words())
    }
}
