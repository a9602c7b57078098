// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Tracepoints of the kernel's, with their arguments.

use kernel::prelude::*;

use super::{Plain, Value};
use crate::machine::{arch, Words};

/// What a handler knows of the tracepoint that it is for: nothing, if that is [`AnyTracepoint`], or a [`NamedTracepoint`] of
/// [`kernel_types!`](crate::kernel_types!).
///
/// # Safety
///
/// Implemented by the build only. There must be as many `Words` of arguments, those on the stack included.
pub unsafe trait TracepointSignature: Sized + 'static {
    /// The arguments as they are passed.
    #[doc(hidden)]
    type Words: Words;
}

/// A tracepoint of the kernel's that [`kernel_types!`](crate::kernel_types!) has declared.
pub trait NamedTracepoint: TracepointSignature {
    /// As C would declare a function that it calls, without the parameter that is the function's own.
    const PROTOTYPE: &'static str;

    /// Its arguments: a method for each, by its name in C.
    type Args<'a>;

    #[doc(hidden)]
    fn args(words: &Self::Words) -> Self::Args<'_>;
}

/// Any tracepoint, of which nothing is known: its handlers see the words that arrive in registers.
// The compiler quotes the next line if a handler for any tracepoint asks for arguments by name.
pub enum AnyTracepoint {} // to name arguments: kernel_types! { tracepoint t; }, impl Handler<t> for …, HitContext<'_, t>

// SAFETY: One register has what belongs to the handler. The others may be read, be there an argument in them or not.
unsafe impl TracepointSignature for AnyTracepoint {
    type Words = [usize; arch::ARG_REGS - 1];
}

/// What the generated types call.
#[allow(missing_docs)]
pub(super) mod __private {
    use super::*;
    use crate::{
        machine::{memory, memory::Space},
        types::function::from_words,
    };

    /// What stands in the words from this one on.
    #[inline(always)]
    pub fn word<T: Plain, const AT: usize, const N: usize>(words: &[usize; N]) -> Value<T> {
        const { assert!(AT * size_of::<usize>() + size_of::<T>() <= size_of::<[usize; N]>()) };
        from_words::<T>([words[AT], *words.get(AT + 1).unwrap_or(&0)])
    }

    /// What this word points to.
    pub fn pointed_word<T: Plain, const AT: usize, const N: usize>(
        words: &[usize; N],
    ) -> Result<Value<T>> {
        const { assert!(size_of::<T>() <= 512) };
        // SAFETY: Any bytes are a `Plain`.
        unsafe { memory::read_any::<T>(words[AT], Space::Kernel) }.map(Plain::value)
    }
}
