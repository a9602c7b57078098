// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Reading memory that may not be there, in any context.
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use core::mem::MaybeUninit;

use kernel::{bindings, page::PAGE_SIZE, prelude::*};

/// Whose memory.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub enum Space {
    Kernel,
    User,
}

/// Copies `len` bytes without faulting.
///
/// # Safety
///
/// `to` must be valid for writes of `len` bytes.
#[inline(always)]
unsafe fn copy(to: *mut c_void, from: usize, len: usize, space: Space) -> Result {
    // The upper half of the addresses is the kernel's. Before Linux 6.14, arm64 would read the others as well.
    if matches!(space, Space::Kernel) && (from as isize) >= 0 {
        return Err(EFAULT);
    }
    // SAFETY: `to` is good, says the caller; a bad `from` is an error.
    let result = unsafe {
        match space {
            Space::Kernel => bindings::copy_from_kernel_nofault(to, from as *const c_void, len),
            Space::User => bindings::copy_from_user_nofault(to, from as *const c_void, len),
        }
    };
    // Any error means the same to a handler.
    if result == 0 {
        Ok(())
    } else {
        Err(EFAULT)
    }
}

/// Reads the bytes of a `T`.
///
/// # Safety
///
/// Any bytes must be a valid `T`.
#[inline(always)]
pub(crate) unsafe fn read_any<T>(address: usize, space: Space) -> Result<T> {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: `value` has room for a `T`.
    unsafe { copy(value.as_mut_ptr().cast(), address, size_of::<T>(), space) }?;
    // SAFETY: All bytes are written, and a `T` may be made of any, says the caller.
    Ok(unsafe { value.assume_init() })
}

pub(crate) fn read<T: FromBytes>(address: usize) -> Result<T> {
    // SAFETY: A `FromBytes` may be made of any bytes.
    unsafe { read_any(address, Space::Kernel) }
}

pub(crate) fn read_user<T: FromBytes>(address: usize) -> Result<T> {
    // SAFETY: A `FromBytes` may be made of any bytes.
    unsafe { read_any(address, Space::User) }
}

/// Fills `bytes` from the memory of the current task.
pub(crate) fn read_user_bytes(address: usize, bytes: &mut [u8]) -> Result {
    // SAFETY: `bytes` is as long as is said.
    unsafe { copy(bytes.as_mut_ptr().cast(), address, bytes.len(), Space::User) }
}

/// Reads up to and without the NUL, or as much as `buffer` has room for. `strncpy_from_user_nofault()` is not
/// exported, so the copy goes in pieces that end where a page does: what lies behind the NUL may not be there.
pub(crate) fn read_str(address: usize, buffer: &mut [u8], space: Space) -> Result<&[u8]> {
    const PIECE: usize = 64;
    let mut len = 0;
    while len < buffer.len() {
        let from = address.checked_add(len).ok_or(EFAULT)?;
        let piece = (buffer.len() - len).min(PIECE - from % PIECE);
        const { assert!(PAGE_SIZE % PIECE == 0) };
        // SAFETY: There are `piece` bytes left in `buffer`.
        unsafe { copy(buffer[len..].as_mut_ptr().cast(), from, piece, space) }?;
        if let Some(nul) = buffer[len..len + piece].iter().position(|&c| c == 0) {
            return Ok(&buffer[..len + nul]);
        }
        len += piece;
    }
    Ok(buffer)
}
