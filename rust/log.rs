// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Messages of this crate in the kernel log, under the name of the module that it is linked into.
//!
//! The kernel crate's `pr_*!` take the name from the crate that invokes `module!`, which this one is not.

use kernel::{ffi::c_char, print::call_printk, str::CStr, str::CStrExt};

use crate::bindings;

/// Prints one line at the level of `format`, one of [`kernel::print::format_strings`].
pub(crate) fn print(
    format: &[u8; kernel::print::format_strings::LENGTH],
    args: kernel::fmt::Arguments<'_>,
) {
    // SAFETY: The helper returns the name in this module's `struct module`: NUL-terminated and never changed.
    let name: *const c_char = unsafe { bindings::rprobes_module_name() };
    // SAFETY: As above; it lives as long as the code that runs here.
    let name = unsafe { CStr::from_char_ptr(name) };
    // SAFETY: `format` is one of the kernel crate's fixed format strings, and the name is NUL-terminated.
    unsafe { call_printk(format, name.to_bytes_with_nul(), args) }
}

macro_rules! log {
    ($level:ident, $($arg:tt)+) => {
        $crate::log::print(&kernel::print::format_strings::$level, kernel::prelude::fmt!($($arg)+))
    };
}
