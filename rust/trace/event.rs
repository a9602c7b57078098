// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Trace events of a module's own: [`event!`](crate::event!).
//!
//! C header: [`include/trace/define_trace.h`](srctree/include/trace/define_trace.h);
//! documentation: [`Documentation/trace/events.rst`](srctree/Documentation/trace/events.rst)
//!
//! An event is declared as a struct, and is one of the kernel's like any other: `TRACE_EVENT()`. While the module is loaded,
//! `/sys/kernel/tracing/events/<module>/<event>` has its `enable`, `filter`, `format` and `trigger`, and `trace-cmd` and `perf`
//! know it as `<module>:<event>`. While nobody has switched it on, it costs the handler one instruction, a NOP.
//!
//! When the module is built, its C is made of what its source declares, and is compiled into it with the macros of the very
//! kernel that it is built for.
//!
//! # Fields
//!
//! | Rust | in `format` | in `trace` | in filters |
//! |---|---|---|---|
//! | `i8` to `i64`, `u8` to `u64` | `s8` to `s64`, `u8` to `u64` | decimal; with `#[hex]`, hexadecimal | a number |
//! | `isize`, `usize` | `long`, `unsigned long` | the same | a number |
//! | `bool` | `bool` | 0 or 1 | a number |
//! | `[u8; 16]`, [`Comm`](crate::context::Comm) | `char[16]` | text, up to the first NUL | text |
//! | `[u8; 16]` with `#[hex]` | `u8[16]` | bytes: `0a 0b 0c` | |
//! | arrays of other integers | `u32[4]` | `{0x1,0x2,0x3,0x4}` | |
//! | [`Symbol`](crate::Symbol) | `void *` | the symbol, as `%pS` has it | a number |
//! | `&[u8]`, `&CStr`, `&str` | `__data_loc char[]` | text, cut off after 511 bytes | text |
//!
//! Types are written like that, without a path, and need not be imported. All together may have 2048 bytes, where a text of any length counts for 512; of those of fixed size, 512. Names of fields are those of the struct; the
//! event's is that of the struct in small letters: `FileRead` is `file_read`.
//!
//! perf takes a name that is `r` and hexadecimal digits, such as `read`, for a number: it does not find such an event.
//!
//! What is no such type does not compile, nor do two events of the same name, or names that C has taken.
//!
//! # Systems
//!
//! The system of an event is called like its module, and no two modules of one name can be loaded. A module that is called
//! like a system of the kernel, such as `sched`, adds its events to that; if that has one of the same name, the kernel log
//! says that it could not be created, and nobody can switch it on.
//!
//! # Unloading
//!
//! An event that is switched on, in the trace buffer or in an instance, goes away with its module, and the kernel clears the
//! buffers that have some, as nobody can print them any more. A program that has it open through `perf_event_open()` keeps
//! the module from being unloaded.

/// Declares a trace event of the module's. The root file of the module has one at least; more can be in the files that it leads to.
///
/// The struct that is declared has two functions. `Read::is_enabled()` says whether somebody wants the event, in any context and for
/// the cost of a NOP. `emit()` records it if so; any context. With [`trace!`](crate::trace!), the fields are not even evaluated
/// otherwise.
///
/// [`event`](mod@crate::event) has the types that fields may have. Stands on `TRACE_EVENT()`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kretprobe, kretprobe::RetContext, trace};
///
/// rprobes::event! {
///     /// A read has returned.
///     struct Read {
///         pid: i32,
///         /// How many bytes, or an error.
///         bytes: isize,
///         comm: Comm,
///         #[hex]
///         stack: usize,
///     }
/// }
///
/// struct Reads;
///
/// #[vtable]
/// impl kretprobe::Handler for Reads {
///     type Data = ();
///
///     fn ret(&self, cx: &RetContext<'_>, _data: &()) {
///         trace!(Read {
///             pid: cx.pid(),
///             bytes: cx.return_value() as isize,
///             comm: cx.comm(),
///             stack: cx.regs().sp(),
///         });
///     }
/// }
/// ```
///
/// Text of any length is borrowed:
///
/// ```
/// rprobes::event! {
///     struct Opened<'a> { path: &'a [u8] }
/// }
///
/// fn opened(path: &[u8]) {
///     Opened { path }.emit();
/// }
/// ```
#[doc(alias = "TRACE_EVENT")]
#[macro_export]
macro_rules! event {
    ($(#[doc = $doc:expr])* $vis:vis struct $name:ident $(<$life:lifetime>)? { $($fields:tt)* }) => {
        $crate::__event! { [$(#[doc = $doc])* $vis struct $name $(<$life>)?] [] $($fields)* }
    };
    ($($other:tt)*) => {
        ::core::compile_error!("an event is declared as `event! { struct Name { field: type, other: type } }`");
    };
}

/// Takes the fields of [`event!`](crate::event!) one by one, and makes the struct when it has them all.
#[doc(hidden)]
#[macro_export]
macro_rules! __event {
    ($head:tt [$($done:tt)*]
        $(#[doc = $doc:expr])* $(#[hex])? $field:ident: & $life:lifetime $type:tt $(, $($rest:tt)*)?
    ) => {
        $crate::__event! { $head [$($done)* ([$(#[doc = $doc])*] $field (& $life $type))] $($($rest)*)? }
    };
    ($head:tt [$($done:tt)*] $(#[doc = $doc:expr])* $(#[hex])? $field:ident: $type:tt $(, $($rest:tt)*)?) => {
        $crate::__event! { $head [$($done)* ([$(#[doc = $doc])*] $field ($type))] $($($rest)*)? }
    };
    ([$(#[doc = $doc:expr])* $vis:vis struct $name:ident $(<$life:lifetime>)?]
        [$(([$($field_doc:tt)*] $field:ident ($($type:tt)*)))*]
    ) => {
        $(#[doc = $doc])*
        $vis struct $name $(<$life>)? {
            $($($field_doc)* $vis $field: $crate::__event_type!($($type)*),)*
        }

        #[allow(dead_code)]
        impl $(<$life>)? $name $(<$life>)? {
            /// Whether somebody has switched the event on. Any context.
            #[inline(always)]
            $vis fn is_enabled() -> bool {
                extern "C" {
                    #[link_name = concat!("rprobes_tracepoint.", stringify!($name))]
                    static TRACEPOINT: $crate::event::__private::Tracepoint;
                }

                $crate::__static_branch!(TRACEPOINT, $crate::event::__private::KEY)
            }

            /// Records the event, if somebody has switched it on. Any context.
            #[inline(always)]
            $vis fn emit(self) {
                if Self::is_enabled() {
                    self.__emit();
                }
            }

            #[doc(hidden)]
            #[inline(always)]
            $vis fn __emit(self) {
                use $crate::event::__private::{c_void, Field};

                #[repr(C)]
                struct Raw $(<$life>)? {
                    $($field: <$crate::__event_type!($($type)*) as Field>::Raw,)*
                }

                extern "C" {
                    // With the types, in their order: what was made in C of another struct is not called.
                    #[cold]
                    #[link_name = concat!(
                        "rprobes_event.", stringify!($name) $(, ".", $crate::__event_type!(@name $($type)*))*
                    )]
                    fn record(event: *const c_void);
                }

                let raw = Raw { $($field: Field::raw(self.$field),)* };
                // SAFETY: The function was made of the same declaration, and reads a struct of such fields, and text of the
                // length that is beside it; all of which it copies. It may be called in any context.
                unsafe { record((&raw const raw).cast()) }
            }
        }
    };
    ($head:tt $done:tt $($other:tt)*) => {
        ::core::compile_error!("the fields of an event are `name: type`; see the documentation of rprobes::event for the types");
    };
}

/// Records an event that [`event!`](crate::event!) has declared, if somebody has switched it on; otherwise the fields are not
/// evaluated. Any context.
///
/// # Examples
///
/// ```
/// rprobes::event! {
///     struct Slow { ns: u64 }
/// }
///
/// fn slow(begun: u64, ended: u64) {
///     rprobes::trace!(Slow { ns: ended - begun });
/// }
/// ```
#[macro_export]
macro_rules! trace {
    ($($event:ident)::+ { $($fields:tt)* }) => {
        if $($event)::+::is_enabled() {
            ($($event)::+ { $($fields)* }).__emit();
        }
    };
}

/// The type of a field, by its name only, whatever else may have that name; with `@name`, what it is called in symbols.
#[doc(hidden)]
#[macro_export]
macro_rules! __event_type {
    (@name & $life:lifetime $type:tt) => { "text" };
    (@name [$type:tt; $n:literal]) => { concat!(stringify!($type), "x", $n) };
    (@name $type:tt) => { stringify!($type) };
    (bool) => { ::core::primitive::bool };
    (Comm) => { $crate::event::__private::Comm };
    (Symbol) => { $crate::event::__private::Symbol };
    ([$type:tt; $n:literal]) => { [$crate::__event_type!(@integer $type); $n] };
    (& $life:lifetime [u8]) => { &$life [::core::primitive::u8] };
    (& $life:lifetime CStr) => { &$life ::core::ffi::CStr };
    (& $life:lifetime str) => { &$life ::core::primitive::str };
    ($type:tt) => { $crate::__event_type!(@integer $type) };
    (@integer i8) => { ::core::primitive::i8 };
    (@integer i16) => { ::core::primitive::i16 };
    (@integer i32) => { ::core::primitive::i32 };
    (@integer i64) => { ::core::primitive::i64 };
    (@integer isize) => { ::core::primitive::isize };
    (@integer u8) => { ::core::primitive::u8 };
    (@integer u16) => { ::core::primitive::u16 };
    (@integer u32) => { ::core::primitive::u32 };
    (@integer u64) => { ::core::primitive::u64 };
    (@integer usize) => { ::core::primitive::usize };
    ($($other:tt)*) => { ::core::compile_error!("an event cannot have a field of this type") };
}

/// What the macros expand to.
#[doc(hidden)]
pub mod __private {
    use core::{cell::UnsafeCell, ffi::CStr};

    pub use kernel::ffi::c_void;

    use crate::bindings;
    pub use crate::{machine::Comm, place::Symbol};

    /// Where the static key of a [`Tracepoint`] is.
    pub const KEY: usize = bindings::RPROBES_TRACEPOINT_KEY as usize;

    /// `struct tracepoint`, of which only the key is used here.
    #[repr(C)]
    pub struct Tracepoint(UnsafeCell<[usize; 2]>);

    // SAFETY: It is C's; the key alone is read, atomically.
    unsafe impl Sync for Tracepoint {}

    /// The longest text, in bytes.
    const TEXT: usize = 511;

    /// `struct rprobes_text`.
    #[repr(C)]
    pub struct Text {
        text: *const u8,
        len: usize,
    }

    /// What a field can be, and what C gets of it.
    pub trait Field {
        type Raw;

        fn raw(self) -> Self::Raw;
    }

    macro_rules! as_it_is {
        ($($type:ty)*) => {
            $(
                impl Field for $type {
                    type Raw = Self;

                    #[inline(always)]
                    fn raw(self) -> Self {
                        self
                    }
                }

                impl<const N: usize> Field for [$type; N] {
                    type Raw = Self;

                    #[inline(always)]
                    fn raw(self) -> Self {
                        self
                    }
                }
            )*
        };
    }

    as_it_is!(bool i8 i16 i32 i64 isize u8 u16 u32 u64 usize);

    impl Field for Comm {
        type Raw = [u8; size_of::<Comm>()];

        #[inline(always)]
        fn raw(self) -> Self::Raw {
            self.0
        }
    }

    impl Field for Symbol {
        type Raw = usize;

        #[inline(always)]
        fn raw(self) -> usize {
            self.0
        }
    }

    impl Field for &[u8] {
        type Raw = Text;

        #[inline(always)]
        fn raw(self) -> Text {
            Text {
                text: self.as_ptr(),
                len: self.len().min(TEXT),
            }
        }
    }

    impl Field for &CStr {
        type Raw = Text;

        #[inline(always)]
        fn raw(self) -> Text {
            self.to_bytes().raw()
        }
    }

    impl Field for &str {
        type Raw = Text;

        #[inline(always)]
        fn raw(self) -> Text {
            self.as_bytes().raw()
        }
    }
}
