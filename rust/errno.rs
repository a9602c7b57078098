// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Error numbers.

use kernel::{
    error::Error,
    ffi::c_int,
    fmt::{self, Display},
};

/// The error of a number that the kernel crate has no name for before Linux 7.3, such as `bindings::EDEADLK`.
pub(crate) fn error(number: u32) -> Error {
    Error::from_errno(-(number as c_int))
}

/// Whether it is the error of such a number.
pub(crate) fn is(error: Error, number: u32) -> bool {
    error.to_errno().unsigned_abs() == number
}

/// An error that prints as its name and number: `-ENOENT, -2`.
pub(crate) struct Errno(pub(crate) Error);

impl Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.0.name() {
            write!(f, "-{}, ", name.to_str().unwrap_or("?"))?;
        }
        write!(f, "{}", self.0.to_errno())
    }
}
