// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Reports in the kernel log.

use core::fmt::{self, Write};

use kernel::prelude::*;

use super::{Form, Report};

/// Prints a report as text into the kernel log, each line as `pr_info!` does. Process context.
///
/// A line of more than 512 bytes becomes several.
///
/// # Errors
///
/// Those of `fill`; what was written before stands in the log.
#[doc(alias = "pr_info")]
pub fn print(fill: impl FnOnce(&mut Report<'_>) -> Result) -> Result {
    let mut lines = Lines {
        bytes: [0; MOST],
        len: 0,
    };
    let result = super::write(&mut lines, Form::Text, fill);
    if lines.len > 0 {
        lines.end();
    }
    result
}

/// How much of a line goes into one record of the log: they take 1024 bytes on all kernels, with what stands before it.
const MOST: usize = 512;

/// What there is of a line.
struct Lines {
    bytes: [u8; MOST],
    len: usize,
}

impl Lines {
    fn add(&mut self, text: &str) {
        self.bytes[self.len..self.len + text.len()].copy_from_slice(text.as_bytes());
        self.len += text.len();
    }

    fn end(&mut self) {
        // Characters are whole, so this is text.
        let line = core::str::from_utf8(&self.bytes[..self.len]).unwrap_or_default();
        log!(INFO, "{}\n", line);
        self.len = 0;
    }
}

impl Write for Lines {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for line in text.split_inclusive('\n') {
            let ends = line.ends_with('\n');
            let mut rest = line.trim_end_matches('\n');
            while self.len + rest.len() > MOST {
                let mut fits = MOST - self.len;
                while !rest.is_char_boundary(fits) {
                    fits -= 1;
                }
                let (part, others) = rest.split_at(fits);
                self.add(part);
                self.end();
                rest = others;
            }
            self.add(rest);
            if ends {
                self.end();
            }
        }
        Ok(())
    }
}
