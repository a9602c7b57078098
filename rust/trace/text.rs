// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A line for the trace buffer, formatted on the stack.

use core::mem::MaybeUninit;

use kernel::{
    fmt::{self, Display, Write},
    prelude::fmt,
};

/// How long a line may be, in bytes; the rest is cut off.
const LENGTH: usize = 511;

/// # Invariants
///
/// The first `len` bytes are initialised, and `len` is [`LENGTH`] at most.
pub struct Line {
    len: usize,
    bytes: MaybeUninit<[u8; LENGTH + 1]>,
}

impl Line {
    /// An empty one.
    #[inline(always)]
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        // INVARIANT: There are no bytes yet. It is not worth while to fill it with zeroes.
        Self {
            len: 0,
            bytes: MaybeUninit::uninit(),
        }
    }

    /// What does not fit is cut off.
    #[inline]
    pub fn format(&mut self, args: fmt::Arguments<'_>) {
        if let Some(text) = args.as_str() {
            self.push(text);
        } else {
            // An error is that it does not fit.
            let _ = self.write_fmt(args);
        }
    }

    /// What does not fit is cut off.
    #[inline(always)]
    pub fn push(&mut self, text: &str) {
        if text.len() <= LENGTH - self.len {
            // SAFETY: There is room for it, as was looked at.
            unsafe { self.push_fitting(text.as_bytes()) };
        } else {
            self.push_part(text.as_bytes());
        }
    }

    #[cold]
    #[inline(never)]
    fn push_part(&mut self, text: &[u8]) {
        // SAFETY: No more than there is room for.
        unsafe { self.push_fitting(&text[..LENGTH - self.len]) };
    }

    /// # Safety
    ///
    /// There must be room for it.
    #[inline(always)]
    unsafe fn push_fitting(&mut self, text: &[u8]) {
        // SAFETY: The caller promises that there is room for that behind the first `len` bytes.
        unsafe {
            let end = self.bytes.as_mut_ptr().cast::<u8>().add(self.len);
            core::ptr::copy_nonoverlapping(text.as_ptr(), end, text.len());
        }
        // INVARIANT: Initialised here; no more than there was room for.
        self.len += text.len();
    }

    /// A number in decimal. Out of line: it is as fast there, and shorter for who prints.
    #[inline(never)]
    fn push_number(&mut self, negative: bool, mut number: u64) {
        // As many as 2^64 has, and a sign.
        let mut digits = [MaybeUninit::<u8>::uninit(); 21];
        let mut first = digits.len();
        loop {
            first -= 1;
            digits[first].write(b'0' + (number % 10) as u8);
            number /= 10;
            if number == 0 {
                break;
            }
        }
        if negative {
            first -= 1;
            digits[first].write(b'-');
        }
        let digits = &digits[first..];
        // SAFETY: From the first on, all were written, and in ASCII.
        let digits = unsafe {
            core::str::from_utf8_unchecked(core::slice::from_raw_parts(
                digits.as_ptr().cast(),
                digits.len(),
            ))
        };
        self.push(digits);
    }

    /// The text, with a NUL behind it.
    #[inline(always)]
    pub(super) fn with_nul(&mut self) -> &[u8] {
        let bytes: *mut u8 = self.bytes.as_mut_ptr().cast();
        // SAFETY: By the type invariants there is room for a NUL, and then so many bytes are initialised.
        unsafe {
            bytes.add(self.len).write(0);
            core::slice::from_raw_parts(bytes, self.len + 1)
        }
    }
}

impl Write for Line {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.push(text);
        if self.len < LENGTH {
            Ok(())
        } else {
            Err(fmt::Error)
        }
    }
}

/// The pieces of a format between its arguments, if all of these are `{}`, and there are so many; else something has to
/// look at it when it is printed.
pub const fn pieces<const N: usize>(format: &'static str) -> Option<[&'static str; N]> {
    let mut pieces = [""; N];
    let mut rest = format.as_bytes();
    let (mut piece, mut at) = (0, 0);
    loop {
        let ended = at == rest.len();
        if ended || rest[at] == b'{' {
            if piece == N || (!ended && (at + 1 == rest.len() || rest[at + 1] != b'}')) {
                return None;
            }
            let (text, behind) = rest.split_at(at);
            // SAFETY: It is text between characters of ASCII.
            pieces[piece] = unsafe { core::str::from_utf8_unchecked(text) };
            piece += 1;
            if ended {
                return if piece == N { Some(pieces) } else { None };
            }
            (_, rest) = behind.split_at(2);
            at = 0;
        } else if rest[at] == b'}' {
            return None;
        } else {
            at += 1;
        }
    }
}

/// An argument of a line: one of a type that [`Fast`] is implemented for, or else one that can be printed.
pub struct Argument<'a, T: ?Sized>(pub &'a T);

/// What is printed without the machinery of `fmt`, as most arguments are numbers.
pub trait Fast {
    /// Adds it to a line.
    fn push_to(&self, line: &mut Line);
}

impl Fast for Argument<'_, &str> {
    #[inline(always)]
    fn push_to(&self, line: &mut Line) {
        line.push(self.0);
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {$(
        impl Fast for Argument<'_, $number> {
            #[inline(always)]
            #[allow(unused_comparisons, clippy::cast_lossless)]
            fn push_to(&self, line: &mut Line) {
                let negative = *self.0 < 0;
                let number = *self.0 as u64;
                line.push_number(negative, if negative { number.wrapping_neg() } else { number });
            }
        }
    )*};
}

numbers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize }

/// Any other. It is for a reference, so the compiler looks for [`Fast`] first.
pub trait Slow {
    /// Adds it to a line.
    fn push_to(&self, line: &mut Line);
}

impl<T: Display + ?Sized> Slow for &Argument<'_, T> {
    #[inline]
    fn push_to(&self, line: &mut Line) {
        // What does not fit is cut off.
        let _ = line.write_fmt(fmt!("{}", self.0));
    }
}
