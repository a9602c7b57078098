// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The files of tracefs, for what the kernel exports no function for.
//!
//! They are found through a mount of the crate's own: nobody needs to have mounted tracefs.

use core::ffi::CStr;

use kernel::{ffi::c_int, prelude::*, str::CStrExt};

use super::list::check_may_sleep;
use crate::{bindings, errno};

/// More than any file has that is read here.
const MOST: usize = 8 << 20;

/// What a file has. In the context of a process.
///
/// # Errors
///
/// Those of the file, [`ENOMEM`], [`ESRCH`] in a kernel thread, `EDEADLK` in atomic context, and `EOPNOTSUPP` if this
/// kernel has no tracefs. [`why`] has words for them.
pub(super) fn read(path: &CStr) -> Result<KVVec<u8>> {
    check_may_sleep()?;
    let mut size = 16 << 10;
    loop {
        let mut text = KVVec::with_capacity(size, GFP_KERNEL)?;
        let room = text.spare_capacity_mut();
        let room = (room.as_mut_ptr().cast(), room.len());
        // SAFETY: Process context; the path is NUL-terminated, and there is room for so many bytes.
        let ret = unsafe { bindings::rprobes_tracefs_read(path.as_char_ptr(), room.0, room.1) };
        let len = result(ret)?;
        if len < room.1 || size >= MOST {
            // SAFETY: So many bytes were written there.
            unsafe { text.inc_len(len) };
            return Ok(text);
        }
        size *= 4;
    }
}

/// Writes a command, as `echo >` does. In the context of a process.
///
/// # Errors
///
/// As [`read`].
pub(super) fn write(path: &CStr, text: &[u8]) -> Result {
    check_may_sleep()?;
    // SAFETY: Process context; the path is NUL-terminated, and there are so many bytes.
    result(unsafe {
        bindings::rprobes_tracefs_write(path.as_char_ptr(), text.as_ptr().cast(), text.len())
    })?;
    Ok(())
}

fn result(ret: isize) -> Result<usize> {
    usize::try_from(ret).map_err(|_| Error::from_errno(ret as c_int))
}

/// What an error means that these two return.
pub(super) fn why(error: Error) -> &'static str {
    match error {
        ESRCH => "the files of tracefs can be used where there is a process, as in insmod and rmmod, not in a kernel thread",
        EPERM => "the kernel is locked down",
        ENOMEM => "there is no memory for it",
        _ if errno::is(error, kernel::bindings::EOPNOTSUPP) => "this kernel has no tracefs",
        _ if errno::is(error, kernel::bindings::EDEADLK) => "this is for process context, not for handlers",
        _ => "the kernel refuses",
    }
}
