// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Names of kernel addresses.
//!
//! C header: [`include/linux/kallsyms.h`](srctree/include/linux/kallsyms.h)

use kernel::fmt::{self, Display};

use crate::bindings;

const BUFFER: usize = bindings::RPROBES_KSYM_SYMBOL_LEN as usize;

/// A kernel address that prints as the symbol it belongs to: `kernel_clone+0x4/0x4a0`, followed by the module's name in
/// brackets if it is in a module, or the plain number if it belongs to no symbol. With `{:#}`, as the name alone.
///
/// Printing works in any context and needs about 600 bytes of stack. Stands on `sprint_symbol()`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::Symbol;
///
/// fn show(address: usize) {
///     pr_info!("called from {}\n", Symbol(address));
/// }
/// ```
#[doc(alias = "sprint_symbol")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol(pub usize);

impl Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; BUFFER];
        let mut text = print(self.0, &mut buffer);
        if f.alternate() {
            text = text.split(|c| *c == b'+').next().unwrap_or(text);
        }
        f.write_str(core::str::from_utf8(text).unwrap_or("?"))
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Writes `name+0xoffset/0xsize [module]` of `address` into `buffer` and returns it.
fn print(address: usize, buffer: &mut [u8; BUFFER]) -> &[u8] {
    // SAFETY: `buffer` is as long as the longest text that `sprint_symbol` writes.
    let len = unsafe { bindings::sprint_symbol(buffer.as_mut_ptr().cast(), address) };
    &buffer[..(len as usize).min(BUFFER)]
}

/// The symbol that an address belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) start: usize,
    pub(crate) size: usize,
    /// Empty for the kernel itself.
    pub(crate) module: &'a [u8],
}

/// Room for the text of an [`Entry`].
pub(crate) struct Buffer([u8; BUFFER]);

impl Buffer {
    pub(crate) const fn new() -> Self {
        Self([0; BUFFER])
    }

    /// The symbol that `address` belongs to.
    pub(crate) fn entry(&mut self, address: usize) -> Option<Entry<'_>> {
        let text = print(address, &mut self.0);
        // `[module]`, perhaps with a build ID behind the name.
        let (text, module) = match text.iter().position(|&c| c == b'[') {
            Some(at) => {
                let inside = &text[at + 1..];
                let end = inside
                    .iter()
                    .position(|&c| c == b' ' || c == b']')
                    .unwrap_or(inside.len());
                (&text[..at - 1], &inside[..end])
            }
            None => (text, &text[..0]),
        };
        let plus = text.iter().rposition(|&c| c == b'+')?;
        let slash = plus + text[plus..].iter().position(|&c| c == b'/')?;
        Some(Entry {
            name: &text[..plus],
            start: address - hex(&text[plus + 1..slash])?,
            size: hex(&text[slash + 1..])?,
            module,
        })
    }
}

/// Parses `0x1f`.
fn hex(text: &[u8]) -> Option<usize> {
    text.strip_prefix(b"0x")?.iter().try_fold(0, |value, &c| {
        Some(value << 4 | char::from(c).to_digit(16)? as usize)
    })
}
