// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Names of kernel addresses.
//!
//! C header: [`include/linux/kallsyms.h`](srctree/include/linux/kallsyms.h)
//!
//! A module may ask kallsyms one thing only, the name at an address (`sprint_symbol()`); the way from a name to
//! its addresses is not exported. So the number of functions of one name is found by walking the text from
//! symbol to symbol, which takes 0.7 s in an emulated machine and far less on a real one: good enough for a registration, and for the
//! hint after a failed one.

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use crate::bindings;

const BUFFER: usize = bindings::RPROBES_KSYM_SYMBOL_LEN as usize;

/// A kernel address that prints as the symbol it belongs to: `kernel_clone+0x4/0x4a0`, with the module's name in
/// brackets behind it if it is in a module, or the plain number if it belongs to no symbol.
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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Symbol(pub usize);

impl Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; BUFFER];
        f.write_str(core::str::from_utf8(lookup(self.0, &mut buffer)).unwrap_or("?"))
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Writes `name+0xoffset/0xsize [module]` of `address` into `buffer` and returns it.
fn lookup(address: usize, buffer: &mut [u8; BUFFER]) -> &[u8] {
    // SAFETY: `buffer` is as long as the longest text that `sprint_symbol` writes.
    let len = unsafe { bindings::sprint_symbol(buffer.as_mut_ptr().cast(), address) };
    &buffer[..(len as usize).min(BUFFER)]
}

/// One symbol, as the walk meets it.
struct Entry<'a> {
    name: &'a [u8],
    start: usize,
    size: usize,
    /// Empty for the kernel itself.
    module: &'a [u8],
}

/// The symbol that `address` belongs to.
fn entry(address: usize, buffer: &mut [u8; BUFFER]) -> Option<Entry<'_>> {
    let text = lookup(address, buffer);
    let (text, module) = match text.iter().position(|&c| c == b'[') {
        Some(at) => (&text[..at - 1], &text[at..]),
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

/// Parses `0x1f`.
fn hex(text: &[u8]) -> Option<usize> {
    text.strip_prefix(b"0x")?.iter().try_fold(0, |value, &c| {
        Some(value << 4 | char::from(c).to_digit(16)? as usize)
    })
}

/// How far `address` is into its symbol.
pub(crate) fn offset(address: usize) -> Option<usize> {
    entry(address, &mut [0; BUFFER]).map(|entry| address - entry.start)
}

/// Calls `visit` with every symbol of the stretch of kernel text, or of one module's text, that `address` is in.
///
/// Process context: this takes long, so it lets others run.
fn walk(address: usize, mut visit: impl FnMut(&Entry<'_>)) {
    let mut buffer = [0; BUFFER];
    let Some(first) = entry(address, &mut buffer) else {
        return;
    };
    let start = first.start;
    // Modules lie side by side, so their names are compared. `[name]` and perhaps a build ID.
    let mut of_first = [0; 64];
    let len = first.module.len().min(of_first.len());
    of_first[..len].copy_from_slice(&first.module[..len]);
    let mut visited = 0u32;
    // Each turn returns where to look next.
    let mut turn = |at: usize, up: bool| -> Option<usize> {
        let entry = entry(at, &mut buffer)
            .filter(|e| e.module[..e.module.len().min(of_first.len())] == of_first[..len])?;
        // The text ends here; what follows is data.
        if entry.name == b"_etext" || entry.size == 0 {
            return None;
        }
        visit(&entry);
        visited += 1;
        if visited % 4096 == 0 {
            // SAFETY: The caller is in process context and holds no spinlock.
            unsafe { bindings::rprobes_cond_resched() };
        }
        if up {
            entry.start.checked_add(entry.size)
        } else {
            entry.start.checked_sub(1)
        }
    };
    let mut next = Some(start);
    while let Some(at) = next {
        next = turn(at, true);
    }
    next = start.checked_sub(1);
    while let Some(at) = next {
        next = turn(at, false);
    }
}

/// Counts how many functions have each of the names, which are sorted, in the kernel or the module that `address` is
/// in. One walk for all of them.
///
/// Process context.
pub(crate) fn count(names: &mut [(&[u8], usize)], address: usize) {
    walk(address, |entry| {
        if let Ok(at) = names.binary_search_by(|(name, _)| (*name).cmp(entry.name)) {
            names[at].1 += 1;
        }
    });
}

/// Whether `address` is in a module, and not in the kernel itself.
pub(crate) fn is_in_module(address: usize) -> bool {
    entry(address, &mut [0; BUFFER]).is_some_and(|entry| !entry.module.is_empty())
}

/// Up to three kernel functions with names near to one that does not exist.
#[derive(Default)]
pub(crate) struct Near {
    names: KVec<KVec<u8>>,
}

impl Near {
    const MOST: usize = 3;

    /// Looks them up; process context. Without memory there are just fewer hints.
    pub(crate) fn find(name: &[u8]) -> Self {
        let mut near = Self::default();
        // Any address of the kernel's text is a place to start from.
        walk(bindings::register_kprobe as usize, |entry| {
            if near.names.len() < Self::MOST && is_near(name, entry.name) {
                near.add(entry.name);
            }
        });
        near
    }

    fn add(&mut self, name: &[u8]) {
        if self.names.iter().any(|n| n.as_slice() == name) {
            return;
        }
        let mut copy = KVec::new();
        if copy.extend_from_slice(name, GFP_KERNEL).is_ok() {
            let _ = self.names.push(copy, GFP_KERNEL);
        }
    }
}

impl Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names.iter().enumerate() {
            f.write_str(match i {
                0 => "; did you mean ",
                _ => " or ",
            })?;
            f.write_str(core::str::from_utf8(name).unwrap_or("?"))?;
        }
        Ok(())
    }
}

/// What people mean by `wanted`: a compiler's clone of it, a system call by its bare name, a misspelling.
fn is_near(wanted: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b"__pfx_") {
        return false;
    }
    // foo.isra.0, foo.constprop.0, foo.cold
    if name
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.starts_with(b"."))
    {
        return true;
    }
    // sys_read: __x64_sys_read, __arm64_sys_read
    if wanted.starts_with(b"sys_") && name.starts_with(b"__") && name.ends_with(wanted) {
        return name.len() - wanted.len() <= b"__riscv_".len();
    }
    wanted.len() >= 4 && name.len().abs_diff(wanted.len()) <= 1 && one_edit_apart(wanted, name)
}

/// Whether one character put in, left out, changed, or swapped with the next turns `a` into `b`.
fn one_edit_apart(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([_, rest_a @ ..], [_, rest_b @ ..]) if rest_a == rest_b => true,
        ([x, y, rest_a @ ..], [v, w, rest_b @ ..]) if (x, y) == (w, v) && rest_a == rest_b => true,
        _ => {
            a.split_first().is_some_and(|(_, rest)| rest == b)
                || b.split_first().is_some_and(|(_, rest)| rest == a)
        }
    }
}
