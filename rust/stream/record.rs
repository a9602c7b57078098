// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What a stream is made of.

use kernel::{
    fmt::{self, Display},
    prelude::*,
};
use zerocopy::Immutable;

/// A record as it is in memory, declared by [`record!`](crate::record!).
///
/// It is plain data: any bytes are one, and there is no padding in it, in which a program could read what the kernel's stack
/// had there.
pub trait Layout: FromBytes + IntoBytes + Immutable + Copy + Send + 'static {
    /// Its name.
    const NAME: &'static str;

    /// Its fields.
    const FIELDS: &'static [Field];
}

/// A field of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Where it is, in bytes.
    pub offset: usize,
    /// How long it is, in bytes.
    pub size: usize,
    /// Its type, in Rust.
    pub kind: &'static str,
}

/// A record that can be read as text.
pub trait Record: Layout {
    /// Writes its line, without the end of the line. Called when it is read, in the context of the process that reads, and
    /// again for the same record if that has no room for the whole line.
    ///
    /// It may make and drop files, probes and other streams; but not drop its own stream: that stays then until the module is unloaded,
    /// and the kernel log says so. Two that drop each other's wait for each other for ever.
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// What is known of a record besides.
#[derive(Clone, Copy, Debug)]
pub struct Pushed<'a> {
    /// When it was pushed: nanoseconds of `CLOCK_MONOTONIC`.
    pub time: u64,
    /// On which CPU.
    pub cpu: u32,
    /// What was pushed with it: [`Stream::push_with`](crate::Stream::push_with).
    pub bytes: &'a [u8],
}

impl Pushed<'_> {
    /// When it was pushed, in seconds; prints as `12.345678`.
    pub fn seconds(&self) -> impl Display {
        Seconds(self.time)
    }
}

struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.0 / 1000;
        let (whole, rest) = (microseconds / 1_000_000, microseconds % 1_000_000);
        write!(f, "{whole}.{rest:06}")
    }
}

/// Declares the records of a [`Stream`](crate::Stream): a struct of integers, arrays of them, and structs of such, without
/// padding between or behind its fields: the compiler refuses it else ("has inter-field padding"); fill it with a field.
///
/// # Examples
///
/// ```
/// rprobes::record! {
///     /// Something was opened.
///     pub struct Open {
///         pid: i32,
///         flags: u32,
///         /// In nanoseconds.
///         took: u64,
///     }
/// }
/// ```
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $kind:ty),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(
            Clone,
            Copy,
            $crate::stream::__private::FromBytes,
            $crate::stream::__private::IntoBytes,
            $crate::stream::__private::Immutable,
        )]
        #[repr(C)]
        $vis struct $name {
            $($(#[$field_meta])* $field_vis $field: $kind,)*
        }

        impl $crate::stream::Layout for $name {
            const NAME: &'static str = ::core::stringify!($name);
            const FIELDS: &'static [$crate::stream::Field] = &[
                $($crate::stream::Field {
                    name: ::core::stringify!($field),
                    offset: ::core::mem::offset_of!($name, $field),
                    size: ::core::mem::size_of::<$kind>(),
                    kind: ::core::stringify!($kind),
                },)*
            ];
        }
    };
}
