// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Stacks in reports.

use core::{
    cmp::Ordering,
    fmt::{self, Write},
};

use kernel::{prelude::*, str::BStr};

use super::{
    json,
    value::{Hex, Shape, Value},
};
use crate::{
    collect::{StackId, Stacks},
    machine,
    place::Symbol,
};

/// A stack as a report shows it: below the line that it belongs to, from the innermost frame on. In JSON, as an array of strings;
/// folded, from the outermost frame on, and without offsets in functions.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{context::Comm, report::{Report, Stack, Table}, StackId, Stacks};
///
/// fn show(stacks: &Stacks, hits: &[(Comm, StackId, u64)], report: &mut Report<'_>) -> Result {
///     let mut table = Table::new(&["comm", "stack", "hits"]);
///     for (comm, stack, count) in hits {
///         table.add((*comm, Stack::kernel(stacks, *stack)), *count);
///     }
///     report.table("hits", table.sort_by_value())
/// }
/// ```
///
/// The text of that, and what is folded:
///
/// ```text
/// hits:
/// comm  hits
/// sh      12
///     kernel_clone+0x0/0x4a0
///     __do_sys_clone+0x66/0x90
///     do_syscall_64+0x84/0x5e0
///
/// sh;do_syscall_64;__do_sys_clone;kernel_clone 12
/// ```
#[derive(Clone, Copy)]
pub struct Stack<'a> {
    stacks: &'a Stacks,
    id: StackId,
    whose: Whose,
}

#[derive(Clone, Copy)]
enum Whose {
    Kernel,
    User(Option<i32>),
}

impl<'a> Stack<'a> {
    /// One of the kernel: its frames are symbols.
    pub fn kernel(stacks: &'a Stacks, id: StackId) -> Self {
        let whose = Whose::Kernel;
        Self { stacks, id, whose }
    }

    /// One of user space: its frames are addresses.
    pub fn user(stacks: &'a Stacks, id: StackId) -> Self {
        let whose = Whose::User(None);
        Self { stacks, id, whose }
    }

    /// One of a process: its frames are offsets in the files that its code is in, as tools take them which know symbols; or
    /// addresses, if the process is gone. `tgid` is what handlers see; another process may have that number by now.
    pub fn user_of(stacks: &'a Stacks, id: StackId, tgid: i32) -> Self {
        let whose = Whose::User(Some(tgid));
        Self { stacks, id, whose }
    }

    /// The frames from the innermost on.
    fn each(
        &self,
        out: &mut dyn Write,
        mut frame: impl FnMut(&mut dyn Write, usize, usize) -> fmt::Result,
    ) -> fmt::Result {
        for (i, address) in self
            .stacks
            .frames(self.id)
            .into_iter()
            .flatten()
            .enumerate()
        {
            frame(out, i, address)?;
        }
        Ok(())
    }

    /// What stands for a stack that is not there.
    fn missing(&self) -> Option<&'static str> {
        match self.stacks.frames(self.id) {
            Some(_) => None,
            None if self.id == StackId::REFUSED => Some("[refused]"),
            None => Some("[unknown]"),
        }
    }

    fn frame(&self, out: &mut dyn Write, address: usize) -> fmt::Result {
        match self.whose {
            Whose::Kernel => Symbol(address).text(out),
            Whose::User(tgid) => {
                // As long as the names of most files.
                let mut buffer = [0; 256];
                match tgid.map(|tgid| machine::user_object(tgid, address, &mut buffer)) {
                    Some(Ok((path, offset))) => {
                        BStr::from_bytes(path).text(out)?;
                        write!(out, "+{offset:#x}")
                    }
                    _ => Hex(address as u64).text(out),
                }
            }
        }
    }
}

impl Value for Stack<'_> {
    fn shape(&self) -> Shape {
        Shape::Lines
    }

    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        if let Some(text) = self.missing() {
            return writeln!(out, "{text}");
        }
        self.each(out, |out, _, address| {
            self.frame(out, address)?;
            out.write_char('\n')
        })
    }

    fn json(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_char('[')?;
        if let Some(text) = self.missing() {
            text.json(out)?;
        }
        self.each(out, |out, i, address| {
            if i > 0 {
                out.write_char(',')?;
            }
            json::string(out, |out| self.frame(out, address))
        })?;
        out.write_char(']')
    }

    fn folded(&self, out: &mut dyn Write) -> fmt::Result {
        if let Some(text) = self.missing() {
            return out.write_str(text);
        }
        let Some(frames) = self.stacks.frames(self.id) else {
            return Ok(());
        };
        for (i, address) in frames.enumerate().rev() {
            match self.whose {
                // What does not return may be called at the very end of a function: then it is the next that follows.
                Whose::Kernel => {
                    let inside = address.saturating_sub(usize::from(i > 0));
                    out.write_fmt(fmt!("{:#}", Symbol(inside)))?;
                }
                Whose::User(_) => self.frame(out, address)?,
            }
            if i > 0 {
                out.write_char(';')?;
            }
        }
        Ok(())
    }
}

impl PartialEq for Stack<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Stack<'_> {}

impl PartialOrd for Stack<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// By their numbers.
impl Ord for Stack<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id.cmp(&other.id)
    }
}
