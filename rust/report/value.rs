// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What can stand in a report.

use core::fmt::{self, Write};

use kernel::{prelude::*, str::BStr};

use super::json;
use crate::{
    collect::aggregate::Summary,
    machine::Comm,
    place::{Symbol, SyscallName},
};

/// How a value is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// To the right of its column.
    Number,
    /// To the left of its column.
    Text,
    /// Below the line that it belongs to, on lines of its own.
    Lines,
}

/// A value that a report can show: in a cell of a table, or beside a name.
///
/// # Examples
///
/// ```
/// use core::fmt::{self, Write};
/// use rprobes::report::{Shape, Value};
///
/// #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
/// enum Direction {
///     Read,
///     Write,
/// }
///
/// impl Value for Direction {
///     fn text(&self, out: &mut dyn Write) -> fmt::Result {
///         out.write_str(match self {
///             Self::Read => "read",
///             Self::Write => "write",
///         })
///     }
/// }
/// ```
pub trait Value {
    /// How it is set.
    fn shape(&self) -> Shape {
        Shape::Text
    }

    /// Writes it as people read it: on one line, unless its shape is [`Shape::Lines`].
    fn text(&self, out: &mut dyn Write) -> fmt::Result;

    /// Writes it as JSON: if nothing else is said, a string with its text.
    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        json::string(out, |out| self.text(out))
    }

    /// Writes it as a part of a folded stack, whose frames are separated by semicolons: if nothing else is said, its text.
    fn folded(&self, out: &mut dyn Write) -> fmt::Result {
        self.text(out)
    }
}

/// One or several columns of a table: a [`Value`], a tuple, an array, or a struct of one's own.
///
/// # Examples
///
/// ```
/// use core::fmt;
/// use rprobes::{context::Comm, report::{Columns, Row}};
///
/// struct Caller {
///     pid: i32,
///     comm: Comm,
/// }
///
/// impl Columns for Caller {
///     const COUNT: usize = 2;
///
///     fn columns(&self, row: Row<'_>) -> fmt::Result {
///         row(&self.pid)?;
///         row(&self.comm)
///     }
/// }
/// ```
pub trait Columns {
    /// How many there are.
    const COUNT: usize;

    /// Passes the value of each to `row`.
    fn columns(&self, row: Row<'_>) -> fmt::Result;
}

/// Takes the values of a row, from left to right.
pub type Row<'a> = &'a mut dyn FnMut(&dyn Value) -> fmt::Result;

impl<T: Value> Columns for T {
    const COUNT: usize = 1;

    fn columns(&self, row: Row<'_>) -> fmt::Result {
        row(self)
    }
}

macro_rules! tuples {
    ($($($name:ident $index:tt)*;)*) => {
        $(
            impl<$($name: Columns),*> Columns for ($($name,)*) {
                const COUNT: usize = 0 $(+ $name::COUNT)*;

                fn columns(&self, row: Row<'_>) -> fmt::Result {
                    $(self.$index.columns(&mut *row)?;)*
                    Ok(())
                }
            }
        )*
    };
}

tuples! {
    A 0 B 1;
    A 0 B 1 C 2;
    A 0 B 1 C 2 D 3;
}

/// A column for each.
impl<T: Value, const N: usize> Columns for [T; N] {
    const COUNT: usize = N;

    fn columns(&self, row: Row<'_>) -> fmt::Result {
        self.iter().try_for_each(|value| row(value))
    }
}

/// Five columns: how many there were, their sum, their average, the least, and the greatest.
impl Columns for Summary {
    const COUNT: usize = 5;

    fn columns(&self, row: Row<'_>) -> fmt::Result {
        let some = self.count() > 0;
        row(&self.count())?;
        row(&self.sum())?;
        row(&some.then_some(self.average()))?;
        row(&some.then_some(self.min()))?;
        row(&some.then_some(self.max()))
    }
}

macro_rules! numbers {
    ($($type:ty)*) => {
        $(
            impl Value for $type {
                fn shape(&self) -> Shape {
                    Shape::Number
                }

                fn text(&self, out: &mut dyn Write) -> fmt::Result {
                    write!(out, "{self}")
                }

                fn json(&self, out: &mut dyn Write) -> fmt::Result {
                    self.text(out)
                }
            }
        )*
    };
}

numbers! { u8 i8 u16 i16 u32 i32 u64 i64 usize isize }

impl Value for bool {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{self}")
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        self.text(out)
    }
}

/// One that may not be there: `-`, in JSON `null`.
impl<T: Value> Value for Option<T> {
    fn shape(&self) -> Shape {
        self.as_ref().map_or(Shape::Number, T::shape)
    }

    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        match self {
            Some(value) => value.text(out),
            None => out.write_char('-'),
        }
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        match self {
            Some(value) => value.json(out),
            None => out.write_str("null"),
        }
    }
}

impl<T: Value + ?Sized> Value for &T {
    fn shape(&self) -> Shape {
        (**self).shape()
    }

    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        (**self).text(out)
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        (**self).json(out)
    }

    fn folded(&self, out: &mut dyn Write) -> fmt::Result {
        (**self).folded(out)
    }
}

/// As it is, but with control characters escaped.
impl Value for str {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        for c in self.chars() {
            if c.is_control() {
                write!(out, "{}", c.escape_default())?;
            } else {
                out.write_char(c)?;
            }
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        json::string(out, |out| out.write_str(self))
    }
}

/// Text of the kernel's or of a user's: what is no printable ASCII is escaped, as `\x1b`. In JSON, as UTF-8, and U+FFFD stands
/// for what is none.
impl Value for BStr {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_fmt(fmt!("{}", self))
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        json::bytes(out, self)
    }
}

/// As [`BStr`].
impl Value for Comm {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        BStr::from_bytes(self.bytes()).text(out)
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        BStr::from_bytes(self.bytes()).json(out)
    }
}

/// As the name of the function, and the offset in it; `{:#}` in [`fmt!`] would be the name alone, which is [`Name`].
impl Value for Symbol {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_fmt(fmt!("{}", self))
    }
}

impl Value for SyscallName {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_fmt(fmt!("{}", self))
    }
}

/// A kernel address as the name of the function that it belongs to, alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(pub Symbol);

impl Value for Name {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_fmt(fmt!("{:#}", self.0))
    }
}

/// A number that prints as `0x1f`, in JSON too, as a string: an address, flags.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hex(pub u64);

impl Value for Hex {
    fn shape(&self) -> Shape {
        Shape::Number
    }

    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        write!(out, "{:#x}", self.0)
    }
}

/// A time in nanoseconds. Prints with a unit that suits it and three digits or more, cut off, not rounded: `1.23 ms`. In JSON,
/// and folded, it is the number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanoseconds(pub u64);

impl Value for Nanoseconds {
    fn shape(&self) -> Shape {
        Shape::Number
    }

    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        let (unit, name) = match self.0 {
            0..=999 => return write!(out, "{} ns", self.0),
            1_000..=999_999 => (1_000, "us"),
            1_000_000..=999_999_999 => (1_000_000, "ms"),
            _ => (1_000_000_000, "s"),
        };
        let (whole, part) = (self.0 / unit, self.0 % unit);
        match whole {
            0..=9 => write!(out, "{whole}.{:02} {name}", part * 100 / unit),
            10..=99 => write!(out, "{whole}.{} {name}", part * 10 / unit),
            _ => write!(out, "{whole} {name}"),
        }
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        self.0.json(out)
    }

    fn folded(&self, out: &mut dyn Write) -> fmt::Result {
        self.0.text(out)
    }
}
