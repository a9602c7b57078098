// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The kernel's trace buffer, `/sys/kernel/tracing/trace`.
//!
//! C header: [`include/linux/trace_printk.h`](srctree/include/linux/trace_printk.h);
//! documentation: [`Documentation/trace/ftrace.rst`](srctree/Documentation/trace/ftrace.rst)
//!
//! The buffer is a flight recorder: it keeps the latest events and overwrites the oldest. A module that detects
//! what it is looking for writes a line with [`trace_printk!`](crate::trace_printk!) and stops recording with
//! [`off`]; what led up to that is then at the end of the buffer. An [`Instance`] is a buffer of its own.

use kernel::{bindings, prelude::*};

pub use super::instance::Instance;
use super::list::check_may_sleep;

/// Writes a line into the trace buffer. Any context, NMIs and handlers of probes included.
///
/// It allocates nothing, takes no lock, and is far cheaper than `pr_info!`; lines that several CPUs write at once are whole, and
/// none is lost unless the buffer is full of newer ones. While the recording is off it costs a test: nothing is formatted,
/// and the arguments are not evaluated. (On a kernel without BTF, `CONFIG_DEBUG_INFO_BTF`, the kernel tests that, after
/// the line was formatted.)
///
/// The line is cut off after 511 bytes; a `\n` is added if there is none. The kernel log gets a notice when the module is loaded, the first time, that
/// `trace_printk` is in use, as it is a debugging aid; with an [`Instance`] it does not:
///
/// `trace_printk!(instance: &instance, "…")` writes into that.
///
/// Stands on `__trace_bputs()` for a text alone, on `__trace_puts()`, and on `__trace_array_puts()`.
///
/// # Examples
///
/// ```
/// use rprobes::{trace_printk, tracing::Instance};
///
/// fn reached(count: u64, instance: &Instance) {
///     trace_printk!("reached\n");
///     trace_printk!("reached {count} times\n");
///     trace_printk!(instance: instance, "reached {} times\n", count);
/// }
/// ```
#[doc(alias = "trace_puts")]
#[doc(alias = "trace_array_printk")]
#[macro_export]
macro_rules! trace_printk {
    (instance: $instance:expr, $($arg:tt)+) => {{
        let instance: &$crate::tracing::Instance = $instance;
        if $crate::tracing::__private::may_record(instance) {
            let mut line = $crate::tracing::__private::Line::new();
            $crate::__trace_line!(line, [$($arg)+], [] $($arg)+);
            $crate::tracing::__private::print_into(instance, &mut line);
        }
    }};
    ($text:tt $(,)?) => {{
        // What C's trace_printk() leaves in this section makes the module loader allocate the buffers for it, and keep
        // the text for ever.
        #[link_section = "__trace_printk_fmt"]
        #[used]
        static FORMAT: $crate::tracing::__private::Format = $crate::tracing::__private::Format::new(
            if !IS_PLAIN {
                c"%s"
            } else if $crate::tracing::__private::ends_with_newline($text) {
                $crate::tracing::__private::c_str(concat!($text, "\0"))
            } else {
                $crate::tracing::__private::c_str(concat!($text, "\n\0"))
            }
        );
        const IS_PLAIN: bool = $crate::tracing::__private::is_plain($text);

        if $crate::tracing::__private::top_may_record() {
            if IS_PLAIN {
                FORMAT.print();
            } else {
                let mut line = $crate::tracing::__private::Line::new();
                line.format(::kernel::prelude::fmt!($text));
                $crate::tracing::__private::print(&mut line);
            }
        }
    }};
    ($($all:tt)+) => {{
        #[link_section = "__trace_printk_fmt"]
        #[used]
        static FORMAT: $crate::tracing::__private::Format = $crate::tracing::__private::Format::new(c"%s");

        if $crate::tracing::__private::top_may_record() {
            let mut line = $crate::tracing::__private::Line::new();
            $crate::__trace_line!(line, [$($all)+], [] $($all)+);
            $crate::tracing::__private::print(&mut line);
        }
    }};
}

/// Formats a line: `line, [what was written], format [arguments so far] more arguments`.
#[doc(hidden)]
#[macro_export]
macro_rules! __trace_line {
    // The format.
    ($line:ident, $all:tt, [] $format:literal, $($rest:tt)+) => {
        $crate::__trace_line!($line, $all, $format [] $($rest)+)
    };
    // An argument with a name.
    ($line:ident, [$($all:tt)+], $format:literal [$($argument:expr,)*] $name:ident = $($rest:tt)+) => {
        $line.format(::kernel::prelude::fmt!($($all)+))
    };
    ($line:ident, $all:tt, $format:literal [$($argument:expr,)*] $next:expr $(, $($rest:tt)*)?) => {
        $crate::__trace_line!($line, $all, $format [$($argument,)* $next,] $($($rest)*)?)
    };
    ($line:ident, [$($all:tt)+], $format:literal [$($argument:expr,)+]) => {{
        const COUNT: usize = 1 + [$(stringify!($argument)),+].len();
        const PIECES: Option<[&str; COUNT]> = $crate::tracing::__private::pieces($format);

        if let Some(pieces) = PIECES {
            #[allow(unused_imports)]
            use $crate::tracing::__private::{Fast as _, Slow as _};
            let mut piece = 0;
            $(
                $line.push(pieces[piece]);
                piece += 1;
                (&$crate::tracing::__private::Argument(&$argument)).push_to(&mut $line);
            )+
            $line.push(pieces[piece]);
        } else {
            $line.format(::kernel::prelude::fmt!($($all)+));
        }
    }};
    // Anything else.
    ($line:ident, [$($all:tt)+], $($rest:tt)*) => {
        $line.format(::kernel::prelude::fmt!($($all)+))
    };
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

/// Keeps what the buffer has, in `/sys/kernel/tracing/snapshot`, and goes on recording with another buffer.
///
/// Any context but an NMI, and a handler of a probe inside of the tracing system. The other buffer must have been allocated before, by [`allocate_snapshot`] or through that
/// file; if not, the kernel says so in the trace buffer and stops recording.
///
/// # Errors
///
/// `EOPNOTSUPP` if this kernel is built without `CONFIG_TRACER_SNAPSHOT`.
#[doc(alias = "tracing_snapshot")]
pub fn snapshot() -> Result {
    #[cfg(CONFIG_TRACER_SNAPSHOT)]
    {
        // SAFETY: May be called from anywhere but an NMI, where it only complains.
        unsafe { bindings::tracing_snapshot() };
        Ok(())
    }
    #[cfg(not(CONFIG_TRACER_SNAPSHOT))]
    Err(crate::errno::error(bindings::EOPNOTSUPP))
}

/// Allocates the buffer for [`snapshot`], which stays allocated, and takes one. Process context.
///
/// # Errors
///
/// `EOPNOTSUPP` if this kernel is built without `CONFIG_TRACER_SNAPSHOT`, and `EDEADLK` in atomic context. If there is
/// no memory, the kernel log says so.
#[doc(alias = "tracing_snapshot_alloc")]
pub fn allocate_snapshot() -> Result {
    check_may_sleep()?;
    #[cfg(CONFIG_TRACER_SNAPSHOT)]
    {
        // SAFETY: Process context.
        unsafe { bindings::tracing_snapshot_alloc() };
        Ok(())
    }
    #[cfg(not(CONFIG_TRACER_SNAPSHOT))]
    Err(crate::errno::error(bindings::EOPNOTSUPP))
}

/// Writes the stack of the caller into the trace buffer. Any context.
#[doc(alias = "trace_dump_stack")]
#[inline]
pub fn dump_stack() {
    // SAFETY: May be called at any time, from anywhere.
    unsafe { bindings::trace_dump_stack(0) }
}

/// Whose entries [`ftrace_dump`] prints.
#[doc(alias = "ftrace_dump_mode")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dump {
    /// Those of all CPUs.
    All,
    /// Those of the CPU that it is called on.
    ThisCpu,
}

/// Prints the trace buffer into the kernel log, and empties it, as the kernel does when it crashes. The recording is
/// off afterwards.
///
/// Any context. It takes as long as the console needs for it, with interrupts off.
pub fn ftrace_dump(whose: Dump) {
    let mode = match whose {
        Dump::All => bindings::ftrace_dump_mode_DUMP_ALL,
        Dump::ThisCpu => bindings::ftrace_dump_mode_DUMP_ORIG,
    };
    // SAFETY: May be called at any time, from anywhere.
    unsafe { bindings::ftrace_dump(mode) }
}

/// What [`trace_printk!`](crate::trace_printk!) expands to.
#[doc(hidden)]
pub mod __private {
    use core::cell::UnsafeCell;

    use kernel::{ffi::c_char, str::CStr};

    use crate::{
        bindings,
        trace::{instance::Instance, recording},
    };
    pub use crate::{
        text::c_str,
        trace::text::{pieces, Argument, Fast, Line, Slow},
    };

    /// An entry of `__trace_printk_fmt`, which the module loader replaces by a pointer to a copy.
    #[repr(transparent)]
    pub struct Format(UnsafeCell<*const c_char>);

    // SAFETY: The module loader alone writes to it, before any code of the module runs.
    unsafe impl Sync for Format {}

    impl Format {
        pub const fn new(text: &'static CStr) -> Self {
            Self(UnsafeCell::new(kernel::str::as_char_ptr_in_const_context(
                text,
            )))
        }

        /// Writes the text itself.
        #[inline(always)]
        pub fn print(&self) {
            // SAFETY: What the module loader has made of it stays for ever.
            unsafe { bindings::rprobes_trace_bputs(self.0.get().read_volatile()) }
        }
    }

    /// Whether a format is what it says, in a single piece.
    pub const fn is_plain(format: &str) -> bool {
        let bytes = format.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            if matches!(bytes[i], b'{' | b'}' | 0) {
                return false;
            }
            i += 1;
        }
        true
    }

    pub const fn ends_with_newline(text: &str) -> bool {
        matches!(text.as_bytes(), [.., b'\n'])
    }

    #[inline(always)]
    pub fn top_may_record() -> bool {
        recording::top_may_record()
    }

    #[inline(always)]
    pub fn may_record(instance: &Instance) -> bool {
        instance.may_record()
    }

    /// Lines are formatted before the kernel is called, as not every kernel can print what Rust formats.
    #[inline(always)]
    pub fn print(line: &mut Line) {
        let text = line.with_nul();
        if text.len() > 1 {
            // SAFETY: The text ends with a NUL, and is not empty.
            unsafe { bindings::rprobes_trace_puts(text.as_ptr().cast(), text.len() - 1) }
        }
    }

    #[inline(always)]
    pub fn print_into(instance: &Instance, line: &mut Line) {
        let text = line.with_nul();
        instance.puts(&text[..text.len() - 1]);
    }
}
