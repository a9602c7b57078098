// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is in the files: text, and the binary format.

use kernel::{
    fmt::{self, Display, Write},
    prelude::*,
    uaccess::UserSliceWriter,
};

use super::{
    reader::{Item, Reader},
    record::{Pushed, Record},
    rings::words,
};

const MAGIC: &[u8; 8] = b"RPSTREAM";
const VERSION: u16 = 1;
/// In front of the text of the header.
const FIXED_HEADER: usize = 24;
const KIND_RECORD: u16 = 0;
const KIND_LOST: u16 = 1;

/// The buffer of who reads.
///
/// What is given to it in portions is one item after the other; if there is no room for all of an item, the rest is for the next
/// read.
pub(super) struct Output {
    user: UserSliceWriter,
    /// Bytes that are not in the user's buffer yet.
    chunk: [u8; 128],
    filled: usize,
    /// How many bytes of the item are to be left out.
    skip: usize,
    /// How many bytes of it were put.
    put: usize,
    is_full: bool,
    error: Result,
}

impl Output {
    pub(super) fn new(user: UserSliceWriter) -> Self {
        Self {
            user,
            chunk: [0; 128],
            filled: 0,
            skip: 0,
            put: 0,
            is_full: false,
            error: Ok(()),
        }
    }

    fn begin(&mut self, skip: usize) {
        self.skip = skip;
        self.put = 0;
        self.is_full = false;
    }

    /// How many bytes of the item were put, and whether that is all of it.
    fn end(&mut self) -> Result<(usize, bool)> {
        self.flush();
        self.error?;
        Ok((self.put, !self.is_full))
    }

    fn put(&mut self, bytes: &[u8]) {
        let skip = self.skip.min(bytes.len());
        self.skip -= skip;
        let mut bytes = &bytes[skip..];
        while !bytes.is_empty() {
            let room = self.chunk.len().min(self.user.len()) - self.filled;
            if room == 0 {
                if self.filled == self.user.len() {
                    self.is_full = true;
                    return;
                }
                self.flush();
                if self.error.is_err() {
                    return;
                }
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.chunk[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            self.put += now.len();
            bytes = later;
        }
    }

    fn flush(&mut self) {
        if self.error.is_ok() {
            self.error = self.user.write_slice(&self.chunk[..self.filled]);
        }
        self.filled = 0;
    }

    fn put_word(&mut self, word: u64) {
        self.put(&word.to_ne_bytes());
    }
}

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.put(text.as_bytes());
        // No more of it is needed.
        if self.is_full || self.error.is_err() {
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// Gives `reader` what there is, as far as `output` has room. Returns how many bytes.
pub(super) fn read<T: Record>(
    reader: &mut Reader<'_>,
    binary: bool,
    output: &mut Output,
) -> Result<usize> {
    let mut all = 0;
    if binary && !reader.has_begun() {
        output.begin(reader.given());
        header::<T>(reader, output);
        let (put, is_whole) = output.end()?;
        all += put;
        if !is_whole {
            reader.give(put);
            return Ok(all);
        }
        reader.has_header();
    }
    reader.begin();
    while let Some(item) = reader.next() {
        output.begin(reader.given());
        if binary {
            put_binary::<T>(reader, item, output);
        } else {
            put_text::<T>(reader, item, output);
        }
        match output.end() {
            Ok((put, true)) => {
                all += put;
                reader.done();
            }
            // Lines are in one piece, if the buffer has room for one.
            Ok(_) if all > 0 => break,
            Ok((put, false)) => {
                reader.give(put);
                return Ok(put);
            }
            Err(_) if all > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}

/// A record, made of the words that it is read in; and the bytes behind it.
fn record<'a, T: Record>(reader: &'a Reader<'_>, len: usize) -> Option<(T, &'a [u8])> {
    let bytes = reader.words().as_bytes();
    let (record, _) = T::read_from_prefix(bytes).ok()?;
    let behind = words(size_of::<T>()) * size_of::<u64>();
    Some((record, bytes.get(behind..behind + len)?))
}

/// A record as it prints itself.
struct Line<'a, T>(&'a T, Pushed<'a>);

impl<T: Record> Display for Line<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_line(&self.1, f)
    }
}

fn put_text<T: Record>(reader: &Reader<'_>, item: Item, output: &mut Output) {
    // An error is that of the output, which remembers it, or of the record: then the line ends there.
    let _ = match item {
        Item::Lost(lost) => output.write_fmt(fmt!("# {lost} lost")),
        Item::Record { len } => {
            let Some((record, bytes)) = record::<T>(reader, len) else {
                return;
            };
            let pushed = Pushed {
                time: reader.time(),
                cpu: reader.cpu(),
                bytes,
            };
            output.write_fmt(fmt!("{}", Line(&record, pushed)))
        }
    };
    output.put(b"\n");
}

fn put_binary<T: Record>(reader: &Reader<'_>, item: Item, output: &mut Output) {
    let (kind, len) = match item {
        Item::Record { len } => (KIND_RECORD, len as u16),
        Item::Lost(_) => (KIND_LOST, 0),
    };
    output.put_word(reader.time());
    output.put(&reader.cpu().to_ne_bytes());
    output.put(&len.to_ne_bytes());
    output.put(&kind.to_ne_bytes());
    match item {
        Item::Lost(lost) => output.put_word(lost),
        Item::Record { len } => {
            let count = words(size_of::<T>()) + words(len);
            output.put(reader.words().get(..count).unwrap_or_default().as_bytes());
        }
    }
}

/// The header of the binary file.
fn header<T: Record>(reader: &Reader<'_>, output: &mut Output) {
    let mut len = FIXED_HEADER + T::NAME.len() + 1;
    for field in T::FIELDS {
        len += Length::of(&FieldLine(field));
    }
    let padded = words(len) * size_of::<u64>();
    output.put(MAGIC);
    output.put(&0x0102_0304_u32.to_ne_bytes());
    output.put(&VERSION.to_ne_bytes());
    output.put(&(padded as u16).to_ne_bytes());
    output.put(&(size_of::<T>() as u32).to_ne_bytes());
    output.put(&(reader.longest() as u32).to_ne_bytes());
    // An error is that of the output, which remembers it.
    let _ = writeln!(output, "{}", T::NAME);
    for field in T::FIELDS {
        let _ = output.write_fmt(fmt!("{}", FieldLine(field)));
    }
    output.put(&[0; size_of::<u64>()][..padded - len]);
}

struct FieldLine<'a>(&'a super::record::Field);

impl Display for FieldLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = self.0;
        writeln!(
            f,
            "{} {} {} {}",
            field.name, field.offset, field.size, field.kind
        )
    }
}

/// How long something is when it is printed.
struct Length(usize);

impl Length {
    fn of(what: &impl Display) -> usize {
        let mut length = Self(0);
        let _ = length.write_fmt(fmt!("{what}"));
        length.0
    }
}

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}
