// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Paths of files.
//!
//! C header: [`include/linux/dcache.h`](srctree/include/linux/dcache.h)

use kernel::{
    error::to_result,
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

use crate::bindings;

/// The path of a file, as `/proc` would show it; prints as text.
///
/// One that is longer than the buffer has lost its front, and prints with `...` there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path<'b> {
    bytes: &'b [u8],
    cut: bool,
}

impl<'b> Path<'b> {
    /// The path, or as much of its end as the buffer had room for.
    pub fn bytes(&self) -> &'b [u8] {
        self.bytes
    }

    /// Whether its front is missing: the buffer is too short, or more than 256 directories and mounts are above.
    pub fn is_cut(&self) -> bool {
        self.cut
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.cut {
            f.write_str("...")?;
        }
        Display::fmt(BStr::from_bytes(self.bytes), f)
    }
}

/// What a path is asked of, by its address in the kernel, which may be any.
#[derive(Clone, Copy)]
pub(crate) enum Source {
    Path(usize),
    File(usize),
    Dentry(usize),
}

impl Source {
    pub(crate) fn address(self) -> usize {
        match self {
            Self::Path(address) | Self::File(address) | Self::Dentry(address) => address,
        }
    }
}

/// Writes the path to the end of `buffer`. Any context. Fails with [`EFAULT`] if there is no such thing.
pub(crate) fn path(source: Source, buffer: &mut [u8]) -> Result<Path<'_>> {
    let helper = match source {
        Source::Path(_) => bindings::rprobes_path,
        Source::File(_) => bindings::rprobes_file_path,
        Source::Dentry(_) => bindings::rprobes_dentry_path,
    };
    let mut cut = false;
    // SAFETY: `buffer` is as long as is said; whatever the address is, it is read without faults.
    let len = unsafe {
        helper(
            source.address(),
            buffer.as_mut_ptr(),
            buffer.len(),
            &mut cut,
        )
    };
    // Errors are small, and a length is not negative.
    to_result(len.min(0) as c_int)?;
    let start = buffer.len().checked_sub(len as usize).ok_or(EFAULT)?;
    Ok(Path {
        bytes: &buffer[start..],
        cut,
    })
}
