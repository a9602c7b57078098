// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Strings of JSON.

use core::fmt::{self, Write};

/// Writes what `text` writes as a string.
pub(super) fn string(
    out: &mut dyn Write,
    text: impl FnOnce(&mut dyn Write) -> fmt::Result,
) -> fmt::Result {
    out.write_char('"')?;
    text(&mut Escaped(out))?;
    out.write_char('"')
}

/// Writes bytes as a string. What is no UTF-8 becomes U+FFFD, as JSON has nothing else for it.
pub(super) fn bytes(out: &mut dyn Write, bytes: &[u8]) -> fmt::Result {
    string(out, |out| {
        for chunk in bytes.utf8_chunks() {
            out.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                out.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    })
}

/// Escapes what may not stand in a string.
struct Escaped<'a>(&'a mut dyn Write);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest.find(|c| matches!(c, '"' | '\\' | '\0'..='\x1f')) {
            let (plain, escaped) = rest.split_at(at);
            self.0.write_str(plain)?;
            match escaped.as_bytes()[0] {
                b'\n' => self.0.write_str("\\n")?,
                b'\t' => self.0.write_str("\\t")?,
                c @ (b'"' | b'\\') => write!(self.0, "\\{}", char::from(c))?,
                c => write!(self.0, "\\u{c:04x}")?,
            }
            rest = &escaped[1..];
        }
        self.0.write_str(rest)
    }
}
