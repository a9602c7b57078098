// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Reports: what was counted and measured, as text for people and as JSON for programs.
//!
//! The author writes one function that fills a [`Report`]; [`File`] makes files in debugfs of it, [`print()`] lines in the kernel
//! log, and [`write()`] text for whatever takes text. All of that is for process context.
//!
//! # Examples
//!
//! ```
//! use kernel::{prelude::*, sync::Arc};
//! use rprobes::{report::{self, Report}, Counter, Histogram};
//!
//! struct Reads {
//!     failed: Counter,
//!     latency_ns: Histogram,
//! }
//!
//! fn show(reads: &Reads, report: &mut Report<'_>) -> Result {
//!     report.value("failed", &reads.failed.sum(0))?;
//!     report.histogram("latency_ns", &reads.latency_ns)
//! }
//!
//! /// Makes `/sys/kernel/debug/MODULE/reads` and `reads.json`.
//! fn files(reads: Arc<Reads>) -> Result<report::File<Reads>> {
//!     report::File::new(c"reads", reads, show)
//! }
//!
//! /// Says the same in the kernel log.
//! fn say(reads: &Reads) -> Result {
//!     report::print(|report| show(reads, report))
//! }
//! ```
//!
//! The first file reads, for example:
//!
//! ```text
//! failed: 2
//!
//! latency_ns:
//!                  512 .. 1023                         3 |####################                    |
//!                 1024 .. 2047                         6 |########################################|
//! ```
//!
//! and the second:
//!
//! ```text
//! {
//! "failed":2,
//! "latency_ns":[
//! {"low":512,"high":1023,"count":3},
//! {"low":1024,"high":2047,"count":6}
//! ]
//! }
//! ```

mod file;
mod json;
mod lines;
mod stack;
mod table;
mod value;

use core::fmt::Write;

use kernel::prelude::*;

use crate::collect::aggregate::Summary;

pub use crate::collect::bars::{Bucket, Buckets};
pub(crate) use file::drain;
pub use file::File;
pub use lines::print;
pub use stack::Stack;
pub use table::Table;
pub use value::{Columns, Hex, Name, Nanoseconds, Row, Shape, Value};

/// In which form a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// One object of JSON, in UTF-8, with a member for each part of the report.
    Json,
    /// The tables alone, a line for each row: the columns of the key, separated by semicolons, a blank, and the last column. That
    /// is what tools make flame graphs of, if the key has stacks, and the last column is a number.
    Folded,
}

/// A report that is being written, part by part.
///
/// Its functions are for process context. They fail if what the report goes to has no more room, so pass errors on.
pub struct Report<'a> {
    out: &'a mut dyn Write,
    form: Form,
    parts: usize,
    /// Whether the last part of a text took several lines.
    was_long: bool,
}

/// Has `fill` fill a report, which goes to `out`. Process context.
///
/// # Errors
///
/// Those of `fill`; what was written then is not whole.
pub fn write(
    out: &mut dyn Write,
    form: Form,
    fill: impl FnOnce(&mut Report<'_>) -> Result,
) -> Result {
    let mut report = Report {
        out,
        form,
        parts: 0,
        was_long: false,
    };
    if form == Form::Json {
        report.out.write_str("{")?;
    }
    fill(&mut report)?;
    if form == Form::Json {
        report.out.write_str("\n}\n")?;
    }
    Ok(())
}

impl Report<'_> {
    /// One value: a count, a sum, a name, a stack.
    pub fn value(&mut self, name: &str, value: &impl Value) -> Result {
        match self.form {
            Form::Text if value.shape() == Shape::Lines => {
                self.title(name)?;
                value.text(&mut table::Indented::new(self.out))?;
            }
            Form::Text => {
                self.separate(false)?;
                name.text(self.out)?;
                self.out.write_str(": ")?;
                value.text(self.out)?;
                self.out.write_str("\n")?;
            }
            Form::Json => {
                self.member(name)?;
                value.json(self.out)?;
            }
            Form::Folded => {}
        }
        Ok(())
    }

    /// How many numbers there were, their sum, their average, the least and the greatest.
    pub fn summary(&mut self, name: &str, summary: &Summary) -> Result {
        match self.form {
            Form::Text => {
                self.separate(false)?;
                name.text(self.out)?;
                self.out.write_str(": ")?;
                table::summary_text(summary, self.out)?;
            }
            Form::Json => {
                self.member(name)?;
                self.out.write_char('{')?;
                table::summary_json(summary, 0, self.out)?;
                self.out.write_char('}')?;
            }
            Form::Folded => {}
        }
        Ok(())
    }

    /// A histogram: a line with a bar for each bucket, from the first that is not empty to the last, and one with its
    /// [summary](Buckets::summary), if it has one. In JSON, an array of the buckets, or an object with what the summary has,
    /// and `buckets`.
    pub fn histogram(&mut self, name: &str, histogram: &impl Buckets) -> Result {
        match self.form {
            Form::Text => {
                self.title(name)?;
                table::histogram_text(histogram, self.out)?;
            }
            Form::Json => {
                self.member(name)?;
                if let Some(summary) = histogram.summary() {
                    self.out.write_char('{')?;
                    table::summary_json(summary, 0, self.out)?;
                    self.out.write_str(",\"buckets\":")?;
                    table::buckets_json(histogram, self.out)?;
                    self.out.write_char('}')?;
                } else {
                    table::buckets_json(histogram, self.out)?;
                }
            }
            Form::Folded => {}
        }
        Ok(())
    }

    /// A table: a line for each row. In JSON, an array of objects with a member for each column.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`] if there was no memory for all rows.
    pub fn table<K: Columns, V: Columns>(&mut self, name: &str, table: &Table<K, V>) -> Result {
        match self.form {
            Form::Text => {
                self.title(name)?;
                table.text(self.out)
            }
            Form::Json => {
                self.member(name)?;
                table.json(self.out)
            }
            Form::Folded => table.folded(self.out),
        }
    }

    /// A histogram for each key. In JSON, an array of objects with a member for each column of the key, what the summary has, and
    /// `buckets`.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`] if there was no memory for all rows.
    pub fn histograms<K: Columns, V: Buckets>(
        &mut self,
        name: &str,
        table: &Table<K, V>,
    ) -> Result {
        match self.form {
            Form::Text => {
                self.separate(true)?;
                table.histograms_text(name, self.out)
            }
            Form::Json => {
                self.member(name)?;
                table.histograms_json(self.out)
            }
            Form::Folded => Ok(()),
        }
    }

    /// Begins a part of a text. Between two of them there is an empty line, unless both are of one line.
    fn separate(&mut self, is_long: bool) -> Result {
        if self.parts > 0 && (is_long || self.was_long) {
            self.out.write_char('\n')?;
        }
        self.parts += 1;
        self.was_long = is_long;
        Ok(())
    }

    /// Begins a part of a text that takes several lines.
    fn title(&mut self, name: &str) -> Result {
        self.separate(true)?;
        name.text(self.out)?;
        Ok(self.out.write_str(":\n")?)
    }

    /// Begins a member of the object.
    fn member(&mut self, name: &str) -> Result {
        self.out
            .write_str(if self.parts > 0 { ",\n" } else { "\n" })?;
        self.parts += 1;
        name.json(self.out)?;
        Ok(self.out.write_char(':')?)
    }
}
