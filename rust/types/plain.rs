// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What can be made of the bytes in memory.

use super::{KernelPtr, UserPtr};

/// A type as it is in memory, and the value that is made of it.
///
/// # Safety
///
/// Whatever the bytes are, they are one, and a program may look at all of them.
#[diagnostic::on_unimplemented(message = "`{Self}` is no type of the kernel's that has a value")]
pub unsafe trait Plain: Copy + 'static {
    /// What a read gives: the type itself, but for [`Bool`], [`Be`] and [`Le`].
    type Value;

    #[doc(hidden)]
    fn value(self) -> Self::Value;
}

/// The value of a type of the kernel's.
pub type Value<T> = <T as Plain>::Value;

macro_rules! plain {
    ($($(#[$meta:meta])* [$($generics:tt)*] $name:ty;)*) => {
        $(
            // SAFETY: Integers, or made of them.
            unsafe impl<$($generics)*> Plain for $name {
                type Value = Self;

                #[inline(always)]
                fn value(self) -> Self {
                    self
                }
            }
        )*
    };
}

plain! {
    [] u8; [] i8; [] u16; [] i16; [] u32; [] i32; [] u64; [] i64; [] u128; [] i128; [] usize; [] isize;
    [T: 'static] KernelPtr<T>;
    [T: 'static] UserPtr<T>;
    [T: Plain, const N: usize] [T; N];
}

/// C's `bool`, as it is in memory: a byte that may be anything. Its value is a `bool`.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Bool(u8);

// SAFETY: It is an integer.
unsafe impl Plain for Bool {
    type Value = bool;

    #[inline(always)]
    fn value(self) -> bool {
        self.0 != 0
    }
}

/// A number whose first byte in memory is the most significant, such as `__be16`. Its value is the number.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Be<T>(T);

/// A number whose first byte in memory is the least significant, such as `__le32`. Its value is the number.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub struct Le<T>(T);

macro_rules! byte_order {
    ($($int:ty)*) => {
        $(
            // SAFETY: It is an integer.
            unsafe impl Plain for Be<$int> {
                type Value = $int;

                #[inline(always)]
                fn value(self) -> $int {
                    <$int>::from_be(self.0)
                }
            }

            // SAFETY: It is an integer.
            unsafe impl Plain for Le<$int> {
                type Value = $int;

                #[inline(always)]
                fn value(self) -> $int {
                    <$int>::from_le(self.0)
                }
            }
        )*
    };
}

byte_order! { u16 u32 u64 }
