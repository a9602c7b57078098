// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What system calls are called.

use core::ffi::CStr;

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

use super::{kallsyms, symbol::Buffer};
use crate::machine::{arch, memory};

/// The names of system calls, by their numbers, as the kernel's own table has them.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::SyscallNames;
///
/// fn show() {
///     let names = SyscallNames::new();
///     for number in 0..10 {
///         pr_info!("{}\n", names.of(number, false));
///     }
/// }
/// ```
#[doc(alias = "sys_call_table")]
#[derive(Clone, Copy)]
pub struct SyscallNames {
    native: Table,
    compat: Table,
}

impl SyscallNames {
    /// Finds the tables. On a kernel without one, or that looks no names up for modules, calls have no names. Process context.
    pub fn new() -> Self {
        Self {
            native: Table::find(c"sys_call_table"),
            compat: Table::find(arch::SYSCALL_TABLE_32),
        }
    }

    /// The name of call `number`, as [`Syscall::number`](crate::Syscall::number) and
    /// [`Syscall::is_compat`](crate::Syscall::is_compat) have it. Any context.
    pub fn of(&self, number: u32, is_compat: bool) -> SyscallName {
        let table = if is_compat {
            &self.compat
        } else {
            &self.native
        };
        SyscallName {
            is_compat,
            number,
            entry: table.entry(number),
        }
    }
}

impl Default for SyscallNames {
    fn default() -> Self {
        Self::new()
    }
}

/// A system call that prints as its name, `openat`; or as its number, if it has none. Of a caller with 32 bits: `openat (32-bit)`.
///
/// Printing works in any context and needs about 600 bytes of stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SyscallName {
    is_compat: bool,
    number: u32,
    /// The function that it comes to, or 0.
    entry: usize,
}

impl Display for SyscallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = Buffer::new();
        let name = buffer
            .entry(self.entry)
            .filter(|entry| entry.start == self.entry)
            .and_then(|entry| name(entry.name));
        match name {
            Some(name) => f.write_fmt(fmt!("{}", BStr::from_bytes(name)))?,
            None => write!(f, "{}", self.number)?,
        }
        f.write_str(if self.is_compat { " (32-bit)" } else { "" })
    }
}

/// What stands behind `__x64_sys_`, `__do_sys_`, `__arm64_compat_sys_`, or whatever it is: it may have several. None for what is at all numbers
/// that have no call.
fn name(function: &[u8]) -> Option<&[u8]> {
    const SYS: &[u8] = b"sys_";
    let at = function.windows(SYS.len()).position(|text| text == SYS)?;
    let name = &function[at + SYS.len()..];
    (name != b"ni_syscall").then_some(name)
}

/// A table of functions.
#[derive(Clone, Copy)]
struct Table {
    start: usize,
    len: usize,
}

impl Table {
    fn find(name: &CStr) -> Self {
        let mut buffer = Buffer::new();
        let addresses = kallsyms::addresses(name, None);
        let entry = addresses
            .ok()
            .and_then(|addresses| buffer.entry(*addresses.first()?));
        let (start, size) = entry.map_or((0, 0), |entry| (entry.start, entry.size));
        Self {
            start,
            len: size / size_of::<usize>(),
        }
    }

    /// The function of call `number`, or 0.
    fn entry(&self, number: u32) -> usize {
        let number = number as usize;
        if number >= self.len {
            return 0;
        }
        memory::read(self.start + number * size_of::<usize>()).unwrap_or(0)
    }
}
