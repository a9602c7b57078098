// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Tables.

use core::fmt::{self, Write};

use kernel::prelude::*;

use super::{
    json,
    value::{Columns, Shape, Value},
};
use crate::collect::{
    aggregate::Summary,
    bars::{self, Buckets},
};

/// Keys and what belongs to each, gathered in process context to be sorted and printed: what is printed does not change meanwhile.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{report::{Name, Report, Table}, CounterArray, Symbol};
///
/// fn show(functions: &[Symbol], calls: &CounterArray, report: &mut Report<'_>) -> Result {
///     let mut table = Table::new(&["function", "calls"]);
///     for (i, function) in functions.iter().enumerate() {
///         table.add(Name(*function), calls.sum(i));
///     }
///     report.table("calls", table.sort_by_value().top(10))
/// }
/// ```
pub struct Table<K, V> {
    names: &'static [&'static str],
    rows: KVVec<(K, V)>,
    is_incomplete: bool,
}

/// How many columns there may be.
const COLUMNS: usize = 16;

impl<K: Columns, V: Columns> Table<K, V> {
    /// An empty table, with the names of its columns: first those of the key, then those of the value. Any context.
    pub const fn new<const N: usize>(names: &'static [&'static str; N]) -> Self {
        const { assert!(N == K::COUNT + V::COUNT, "each column needs one name") };
        const { assert!(N <= COLUMNS, "a table has 16 columns at most") };
        Self::empty(names)
    }
}

impl<K: Columns, V: Buckets> Table<K, V> {
    /// An empty table of histograms, with the names of the columns of its key. Any context.
    pub const fn of_histograms<const N: usize>(names: &'static [&'static str; N]) -> Self {
        const { assert!(N == K::COUNT, "each column of the key needs one name") };
        Self::empty(names)
    }
}

impl<K, V> Table<K, V> {
    const fn empty(names: &'static [&'static str]) -> Self {
        Self {
            names,
            rows: KVVec::new(),
            is_incomplete: false,
        }
    }

    /// Adds a row. Process context. If there is no memory for it, printing the table is an error.
    pub fn add(&mut self, key: K, value: V) {
        if self.rows.push((key, value), GFP_KERNEL).is_err() {
            self.is_incomplete = true;
        }
    }

    /// Sorts the rows by their keys, the least first. Any context.
    pub fn sort_by_key(&mut self) -> &mut Self
    where
        K: Ord,
    {
        sort(&mut self.rows, |(a, _), (b, _)| a < b);
        self
    }

    /// Sorts the rows by their values, the greatest first; those of equal ones by their keys, the least first. Any context.
    pub fn sort_by_value(&mut self) -> &mut Self
    where
        K: Ord,
        V: Ord,
    {
        sort(&mut self.rows, |(a, x), (b, y)| (y, a) < (x, b));
        self
    }

    /// Sorts the rows by what `measure` makes of their values, the greatest first; those of equal ones by their keys, the least
    /// first. Any context.
    pub fn sort_by_most<M: Ord>(&mut self, measure: impl Fn(&V) -> M) -> &mut Self
    where
        K: Ord,
    {
        sort(&mut self.rows, |(a, x), (b, y)| {
            (measure(y), a) < (measure(x), b)
        });
        self
    }

    /// Leaves the first `n` rows. Any context.
    pub fn top(&mut self, n: usize) -> &mut Self {
        self.rows.truncate(n);
        self
    }

    /// The rows as they are now. Any context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`] if there was no memory for all that were added.
    pub fn rows(&self) -> Result<&[(K, V)]> {
        if self.is_incomplete {
            return Err(ENOMEM);
        }
        Ok(&self.rows)
    }
}

impl<K, V> Extend<(K, V)> for Table<K, V> {
    fn extend<I: IntoIterator<Item = (K, V)>>(&mut self, rows: I) {
        rows.into_iter()
            .for_each(|(key, value)| self.add(key, value));
    }
}

impl<K: Columns, V: Columns> Table<K, V> {
    pub(super) fn text(&self, out: &mut dyn Write) -> Result {
        let rows = self.rows()?;
        if rows.is_empty() {
            out.write_str("nothing recorded\n")?;
            return Ok(());
        }
        let mut columns = [Column::default(); COLUMNS];
        let columns = &mut columns[..self.names.len()];
        for (column, name) in columns.iter_mut().zip(self.names) {
            column.width = width(|out| name.text(out))?;
        }
        for row in rows {
            each(row, &mut |i, value| {
                let column = &mut columns[i];
                column.shape = value.shape();
                if column.shape != Shape::Lines {
                    column.width = column.width.max(width(|out| value.text(out))?);
                }
                Ok(())
            })?;
        }
        let mut line = Line::new(out, columns);
        for (i, name) in self.names.iter().enumerate() {
            line.cell(i, name)?;
        }
        line.end()?;
        for row in rows {
            let mut line = Line::new(out, columns);
            each(row, &mut |i, value| line.cell(i, value))?;
            line.end()?;
            each(row, &mut |_, value| match value.shape() {
                Shape::Lines => value.text(&mut Indented::new(out)),
                _ => Ok(()),
            })?;
        }
        Ok(())
    }

    pub(super) fn json(&self, out: &mut dyn Write) -> Result {
        array(self.rows()?, out, |row, out| {
            out.write_char('{')?;
            each(row, &mut |i, value| member(out, i, self.names[i], value))?;
            Ok(out.write_char('}')?)
        })
    }

    /// A line for each row, as flame graphs are made of: the columns of the key, separated by semicolons, and the last one of
    /// the value.
    pub(super) fn folded(&self, out: &mut dyn Write) -> Result {
        for row in self.rows()? {
            let mut before = "";
            each(row, &mut |i, value| {
                if i + 1 == self.names.len() {
                    before = " ";
                } else if i >= K::COUNT || width(|out| value.folded(out))? == 0 {
                    return Ok(());
                }
                out.write_str(core::mem::replace(&mut before, ";"))?;
                value.folded(out)
            })?;
            out.write_char('\n')?;
        }
        Ok(())
    }
}

impl<K: Columns, V: Buckets> Table<K, V> {
    pub(super) fn histograms_text(&self, name: &str, out: &mut dyn Write) -> Result {
        for (i, (key, histogram)) in self.rows()?.iter().enumerate() {
            if i > 0 {
                out.write_char('\n')?;
            }
            name.text(out)?;
            let mut before = "[";
            key.columns(&mut |value| {
                out.write_str(core::mem::replace(&mut before, ", "))?;
                value.text(out)
            })?;
            out.write_str("]:\n")?;
            histogram_text(histogram, out)?;
        }
        Ok(())
    }

    pub(super) fn histograms_json(&self, out: &mut dyn Write) -> Result {
        array(self.rows()?, out, |(key, histogram), out| {
            out.write_char('{')?;
            let mut i = 0;
            key.columns(&mut |value| {
                member(out, i, self.names[i], value)?;
                i += 1;
                Ok(())
            })?;
            if let Some(summary) = histogram.summary() {
                summary_json(summary, i, out)?;
            }
            out.write_str(",\"buckets\":")?;
            buckets_json(histogram, out)?;
            Ok(out.write_char('}')?)
        })
    }
}

/// Sorts by a heap. Those of `core` call functions that never return, which objtool does not know.
fn sort<T>(rows: &mut [T], is_less: impl Fn(&T, &T) -> bool) {
    // Lets what is at `root` sink below what is greater.
    let sink = |rows: &mut [T], mut root: usize| {
        while let Some(first) = rows.get(2 * root + 1) {
            let mut child = 2 * root + 1;
            if rows
                .get(child + 1)
                .is_some_and(|second| is_less(first, second))
            {
                child += 1;
            }
            if !is_less(&rows[root], &rows[child]) {
                break;
            }
            rows.swap(root, child);
            root = child;
        }
    };
    for root in (0..rows.len() / 2).rev() {
        sink(rows, root);
    }
    for end in (1..rows.len()).rev() {
        rows.swap(0, end);
        sink(&mut rows[..end], 0);
    }
}

/// The bars of a histogram, and a line with its summary.
pub(super) fn histogram_text(histogram: &impl Buckets, out: &mut dyn Write) -> Result {
    bars::draw(histogram, out)?;
    match histogram.summary() {
        Some(summary) if summary.count() > 0 => summary_text(summary, out),
        _ => Ok(()),
    }
}

const SUMMARY: [&str; Summary::COUNT] = ["count", "sum", "average", "min", "max"];

/// A line with what a summary has.
pub(super) fn summary_text(summary: &Summary, out: &mut dyn Write) -> Result {
    let mut before = "";
    let mut names = SUMMARY.iter();
    summary.columns(&mut |value| {
        out.write_str(core::mem::replace(&mut before, ", "))?;
        names.next().unwrap_or(&"").text(out)?;
        out.write_char(' ')?;
        value.text(out)
    })?;
    Ok(out.write_char('\n')?)
}

/// What a summary has as members of an object of JSON, from the `i`-th.
pub(super) fn summary_json(summary: &Summary, mut i: usize, out: &mut dyn Write) -> Result {
    let mut names = SUMMARY.iter();
    summary.columns(&mut |value| {
        member(out, i, names.next().unwrap_or(&""), value)?;
        i += 1;
        Ok(())
    })?;
    Ok(())
}

/// The buckets of a histogram in use.
pub(super) fn buckets_json(histogram: &impl Buckets, out: &mut dyn Write) -> Result {
    array(histogram.used(), out, |bucket, out| {
        write!(
            out,
            "{{\"low\":{},\"high\":{},\"count\":{}}}",
            bucket.low, bucket.high, bucket.count
        )?;
        Ok(())
    })
}

/// An array of JSON, with each element on a line of its own.
fn array<T>(
    elements: impl IntoIterator<Item = T>,
    out: &mut dyn Write,
    mut write: impl FnMut(T, &mut dyn Write) -> Result,
) -> Result {
    let mut before = "[\n";
    for element in elements {
        out.write_str(core::mem::replace(&mut before, ",\n"))?;
        write(element, out)?;
    }
    out.write_str(if before == "[\n" { "[]" } else { "\n]" })?;
    Ok(())
}

/// The `i`-th member of an object of JSON.
pub(super) fn member(out: &mut dyn Write, i: usize, name: &str, value: &dyn Value) -> fmt::Result {
    if i > 0 {
        out.write_char(',')?;
    }
    json::string(out, |out| out.write_str(name))?;
    out.write_char(':')?;
    value.json(out)
}

/// The values of a row, with the number of the column of each.
fn each<K: Columns, V: Columns>(
    (key, value): &(K, V),
    visit: &mut dyn FnMut(usize, &dyn Value) -> fmt::Result,
) -> fmt::Result {
    let mut i = 0;
    let mut row = |value: &dyn Value| {
        // One that says that it has fewer columns than it has.
        if i >= K::COUNT + V::COUNT {
            return Err(fmt::Error);
        }
        visit(i, value)?;
        i += 1;
        Ok(())
    };
    key.columns(&mut row)?;
    value.columns(&mut row)
}

#[derive(Clone, Copy)]
struct Column {
    width: usize,
    shape: Shape,
}

impl Default for Column {
    fn default() -> Self {
        Self {
            width: 0,
            shape: Shape::Text,
        }
    }
}

/// A line of a table, with two blanks between columns and none at its end.
struct Line<'a> {
    out: &'a mut dyn Write,
    columns: &'a [Column],
    /// Blanks before whatever comes next.
    pending: usize,
}

impl<'a> Line<'a> {
    fn new(out: &'a mut dyn Write, columns: &'a [Column]) -> Self {
        Self {
            out,
            columns,
            pending: 0,
        }
    }

    fn cell(&mut self, i: usize, value: &(impl Value + ?Sized)) -> fmt::Result {
        let Column {
            width: wanted,
            shape,
        } = self.columns[i];
        if shape == Shape::Lines {
            return Ok(());
        }
        let missing = wanted.saturating_sub(width(|out| value.text(out))?);
        let (before, after) = match shape {
            Shape::Number => (missing, 0),
            _ => (0, missing),
        };
        write!(self.out, "{:1$}", "", self.pending + before)?;
        value.text(self.out)?;
        self.pending = after + 2;
        Ok(())
    }

    fn end(self) -> fmt::Result {
        self.out.write_char('\n')
    }
}

/// How many characters `text` writes.
fn width(text: impl FnOnce(&mut dyn Write) -> fmt::Result) -> Result<usize, fmt::Error> {
    struct Width(usize);

    impl Write for Width {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.chars().count();
            Ok(())
        }
    }

    let mut width = Width(0);
    text(&mut width)?;
    Ok(width.0)
}

/// Puts blanks in front of each line.
pub(super) struct Indented<'a> {
    out: &'a mut dyn Write,
    at_start: bool,
}

impl<'a> Indented<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self {
            out,
            at_start: true,
        }
    }
}

impl Write for Indented<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            if self.at_start {
                self.out.write_str("    ")?;
            }
            self.out.write_str(line)?;
            self.at_start = line.ends_with('\n');
        }
        Ok(())
    }
}
