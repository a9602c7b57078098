// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Why the tracing system refuses a command, in its own words: tracefs's `error_log`.
//!
//! documentation: [`Documentation/trace/ftrace.rst`](srctree/Documentation/trace/ftrace.rst), "error_log"

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

use super::files;

const COMMAND: &[u8] = b"  Command: ";
const ERROR: &[u8] = b": error: ";

/// Why a command was refused, as far as that is known.
pub(super) struct Refusal<'a> {
    command: &'a [u8],
    /// What the kernel says, and about which byte of the command.
    found: Option<(KVec<u8>, usize)>,
}

impl<'a> Refusal<'a> {
    /// Looks up what the kernel has said last about `command`. In the context of a process; elsewhere, nothing is known.
    pub(super) fn of(command: &'a [u8]) -> Self {
        let found = files::read(c"error_log")
            .ok()
            .and_then(|log| last(&log, command));
        Self { command, found }
    }
}

/// `[  12.345678] trace_kprobe: error: Invalid fetch argument`, the command, and a caret below it.
fn last(log: &[u8], command: &[u8]) -> Option<(KVec<u8>, usize)> {
    let lines = || log.split(|&c| c == b'\n');
    let entries = lines().zip(lines().skip(1)).zip(lines().skip(2));
    let mut found = None;
    // What is a histogram is said elsewhere.
    let short = command.strip_prefix(b"hist:").unwrap_or(command);
    for ((said, about), caret) in entries {
        match about.strip_prefix(COMMAND) {
            Some(about) if about == command || about == short => {}
            _ => continue,
        }
        let at = said
            .windows(ERROR.len())
            .position(|window| window == ERROR)?;
        found = Some((&said[at + ERROR.len()..], about, caret));
    }
    let (said, about, caret) = found?;
    let mut text = KVec::new();
    text.extend_from_slice(said, GFP_KERNEL).ok()?;
    let at = caret.iter().position(|&c| c == b'^')?;
    Some((text, (command.len() + at).checked_sub(about.len())?))
}

impl Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = BStr::from_bytes(self.command);
        let Some((said, at)) = &self.found else {
            return f.write_fmt(fmt!("the kernel refuses \"{}\"", command));
        };
        f.write_fmt(fmt!("{}: \"{}\"", BStr::from_bytes(said), command))?;
        match self.command.get(*at..) {
            Some(rest) if !rest.is_empty() => {
                let rest = BStr::from_bytes(rest);
                f.write_fmt(fmt!(", character {}: \"{}\"", at + 1, rest))
            }
            _ => f.write_str(", at its end"),
        }
    }
}
