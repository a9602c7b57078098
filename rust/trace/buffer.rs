// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The kernel's trace buffer, `/sys/kernel/tracing/trace`.
//!
//! C header: [`include/linux/trace_printk.h`](srctree/include/linux/trace_printk.h);
//! documentation: [`Documentation/trace/ftrace.rst`](srctree/Documentation/trace/ftrace.rst)
//!
//! The buffer is a flight recorder: it keeps the latest events and overwrites the oldest. A module that detects
//! what it is looking for writes a line with [`trace_printk!`](crate::trace_printk!) and stops recording with
//! [`off`]; what led up to that is then at the end of the buffer.

use kernel::bindings;

/// Writes a line into the trace buffer, formatted at once. Any context, and far cheaper than `pr_info!`.
///
/// The line needs its own `\n`, and is cut off after 511 bytes. The kernel log gets a notice, once, that `trace_printk` is in use, as it is a
/// debugging aid. Stands on `__trace_printk()`.
///
/// # Examples
///
/// ```
/// fn reached(count: u64) {
///     rprobes::trace_printk!("reached {} times\n", count);
/// }
/// ```
#[doc(alias = "__trace_printk")]
#[macro_export]
macro_rules! trace_printk {
    ($($arg:tt)+) => {{
        // What C's trace_printk() leaves in this section makes the module loader allocate the buffers for it.
        #[link_section = "__trace_printk_fmt"]
        #[used]
        static FORMAT: $crate::tracing::__private::Format = $crate::tracing::__private::Format::new();

        $crate::tracing::__private::print(::kernel::prelude::fmt!($($arg)+))
    }};
}

/// Starts recording, or resumes it. Any context.
#[doc(alias = "tracing_on")]
#[inline]
pub fn on() {
    // SAFETY: May be called at any time, from anywhere.
    unsafe { bindings::tracing_on() }
}

/// Stops recording; the buffer keeps what it has. Any context.
///
/// Same as `echo 0 > /sys/kernel/tracing/tracing_on`, without the delay.
#[doc(alias = "tracing_off")]
#[inline]
pub fn off() {
    // SAFETY: May be called at any time, from anywhere.
    unsafe { bindings::tracing_off() }
}

/// Whether the buffer is recording. Any context.
#[doc(alias = "tracing_is_on")]
#[inline]
pub fn is_on() -> bool {
    // SAFETY: May be called at any time, from anywhere.
    unsafe { bindings::tracing_is_on() != 0 }
}

/// What [`trace_printk!`](crate::trace_printk!) expands to.
#[doc(hidden)]
pub mod __private {
    use core::cell::UnsafeCell;

    use kernel::{
        ffi::c_char,
        fmt::{self, Write},
        str::Formatter,
    };

    use crate::bindings;

    /// How long a line may be, in bytes; the rest is cut off.
    const LENGTH: usize = 511;

    /// An entry of `__trace_printk_fmt`, which the module loader replaces by a pointer to a copy.
    #[repr(transparent)]
    pub struct Format(UnsafeCell<*const c_char>);

    // SAFETY: The module loader alone uses it, before any code of the module runs.
    unsafe impl Sync for Format {}

    impl Format {
        #[allow(clippy::new_without_default)]
        pub const fn new() -> Self {
            Self(UnsafeCell::new(kernel::str::as_char_ptr_in_const_context(
                c"%s",
            )))
        }
    }

    /// Formats before it calls the kernel, as not every kernel can print what Rust formats.
    #[inline]
    pub fn print(args: fmt::Arguments<'_>) {
        let mut text = [0; LENGTH + 1];
        // What does not fit is cut off, and the last byte is not written to.
        let _ = Formatter::new(&mut text[..LENGTH]).write_fmt(args);
        // SAFETY: The text ends with a NUL.
        unsafe { bindings::rprobes_trace_printk(text.as_ptr().cast()) }
    }
}
