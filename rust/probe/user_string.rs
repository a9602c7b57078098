// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Strings of user space that may not be in memory yet when a function is entered, but are when it returns.

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

use super::context::Context;
use crate::{machine::memory, types::UserAddress};

/// A string of user space, to be kept in the [`Data`](crate::kretprobe::Handler::Data) of a return probe.
///
/// A handler cannot wait for a page, so a string that nobody has touched yet cannot be read at the entry of the function
/// that is passed it. By the time that returns, it has been read by the kernel, which has brought it into memory. So this
/// reads at the entry, into its own `N` bytes, and if that fails, at the return.
///
/// Other threads may change the string at any time, and have the kernel see another one than the handler. When `execve`
/// returns and has succeeded, the memory is that of the new program, and this must not be asked.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kretprobe::{self, Entry, EntryContext, RetContext}, UserString};
///
/// /// For `openat`.
/// struct Opens;
///
/// #[vtable]
/// impl kretprobe::Handler for Opens {
///     type Data = UserString<128>;
///
///     fn entry(&self, cx: &EntryContext<'_>) -> Entry<Self::Data> {
///         Entry::Trace(cx.user_string(cx.syscall().arg(1)))
///     }
///
///     fn ret(&self, cx: &RetContext<'_>, path: &Self::Data) {
///         let mut buffer = [0; 128];
///         if let Ok(path) = path.get(cx, &mut buffer) {
///             pr_info!("{}: {}\n", path, cx.return_value() as isize);
///         }
///     }
/// }
/// ```
///
/// # Invariants
///
/// `len`, if there is one, is at most `N`.
#[derive(Clone, Copy)]
pub struct UserString<const N: usize> {
    address: usize,
    /// How much was read; none if that failed.
    len: Option<u16>,
    is_cut_off: bool,
    bytes: [u8; N],
}

/// What a [`UserString`] says. Prints as text, with what cannot be printed escaped.
#[derive(Clone, Copy)]
pub struct UserText<'a> {
    /// Without the NUL.
    pub bytes: &'a [u8],
    /// Whether there is more of it, for which there was no room.
    pub is_cut_off: bool,
}

impl Display for UserText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(BStr::from_bytes(self.bytes), f)
    }
}

impl<Phase, F> Context<'_, Phase, F> {
    /// The string at `address` in the memory of the current task, which need not be readable yet. It takes `N` bytes of
    /// the stack as it is made; a kretprobe keeps up to about 4000.
    #[doc(alias = "strncpy_from_user_nofault")]
    #[inline]
    pub fn user_string<const N: usize>(&self, address: impl UserAddress) -> UserString<N> {
        let address = address.address();
        const { assert!(N <= u16::MAX as usize, "no per-call data is that large") };
        let mut string = UserString {
            address,
            len: None,
            is_cut_off: false,
            bytes: [0; N],
        };
        if let Ok(text) = self.user_text(address, &mut string.bytes) {
            // INVARIANT: It was read into `N` bytes.
            (string.len, string.is_cut_off) = (Some(text.bytes.len() as u16), text.is_cut_off);
        }
        string
    }

    fn user_text<'b>(&self, address: usize, buffer: &'b mut [u8]) -> Result<UserText<'b>> {
        let room = buffer.len();
        let bytes = self.read_user_str(address, buffer)?;
        Ok(UserText {
            bytes,
            // The NUL may be just behind what there is room for. If that is not there, it is no fault of the handler's.
            is_cut_off: bytes.len() == room
                && memory::read_user::<u8>(address.wrapping_add(room)) != Ok(0),
        })
    }
}

impl<const N: usize> UserString<N> {
    /// Where the string is.
    pub fn address(&self) -> usize {
        self.address
    }

    /// The text: what was read when this was made, up to `N` bytes; or, if that failed, what can be read into `buffer`
    /// now. In a handler of the same call, as only there the current task is that of the string.
    ///
    /// # Errors
    ///
    /// [`EFAULT`] if it cannot be read now, either.
    pub fn get<'b, Phase, F>(
        &'b self,
        cx: &Context<'_, Phase, F>,
        buffer: &'b mut [u8],
    ) -> Result<UserText<'b>> {
        match self.len {
            Some(len) => Ok(UserText {
                bytes: self.bytes.get(..len.into()).ok_or(EFAULT)?,
                is_cut_off: self.is_cut_off,
            }),
            None => cx.user_text(self.address, buffer),
        }
    }
}
