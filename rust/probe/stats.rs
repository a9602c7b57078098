// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What became of a probe.

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

/// How a probe is called; prints as in the table of [`fprobe`](crate::fprobe), or as `tracepoint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// A breakpoint, or what the kernel has optimised it into; for returns, what it puts in place of the return address.
    Kprobe,
    /// The function calls the probe itself. C: `register_ftrace_direct()`.
    Direct,
    /// ftrace calls the probe. C: `struct ftrace_ops`.
    Ftrace,
    /// The kernel's own probes on functions call this one. C: `struct fprobe`.
    Fprobe,
    /// A tracepoint calls the probe. C: `tracepoint_probe_register()`.
    Tracepoint,
}

impl Mechanism {
    const ALL: [Self; 5] = [
        Self::Kprobe,
        Self::Direct,
        Self::Ftrace,
        Self::Fprobe,
        Self::Tracepoint,
    ];

    /// Reads what a user writes in a module parameter: `direct`, `ftrace`, `fprobe` or `kprobe`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for anything else; the kernel log says so.
    pub fn parse(text: &[u8]) -> Result<Self> {
        match text.trim_ascii() {
            b"direct" => Ok(Self::Direct),
            b"ftrace" => Ok(Self::Ftrace),
            b"fprobe" => Ok(Self::Fprobe),
            b"kprobe" => Ok(Self::Kprobe),
            other => {
                log!(
                    ERR,
                    "{}: no mechanism; there are direct, ftrace, fprobe and kprobe\n",
                    BStr::from_bytes(other)
                );
                Err(EINVAL)
            }
        }
    }

    /// To be kept in an atomic; 0 is none.
    pub(crate) fn number(self) -> u32 {
        self as u32 + 1
    }

    pub(crate) fn of_number(number: u32) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|mechanism| mechanism.number() == number)
    }
}

impl Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kprobe => "kprobe",
            Self::Direct => "direct call",
            Self::Ftrace => "ftrace",
            Self::Fprobe => "fprobe",
            Self::Tracepoint => "tracepoint",
        })
    }
}

/// What became of a probe so far, and how it is planted: a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Hits for which no handler was called, as another probe's handler was running on that CPU. C: `kp.nmissed`.
    pub missed: usize,
    /// Calls that a return probe did not follow, as `maxactive` others were in progress. C: `rp.nmissed`.
    pub exhausted: usize,
    /// Calls that were not followed until they return, as the task exits, or the CPU idles, and might never come back. Direct calls only.
    pub not_followed: usize,
    /// How the probe is called.
    pub mechanism: Mechanism,
    /// The kernel has replaced the breakpoint by a jump, which is several times cheaper. Never on arm64.
    pub optimised: bool,
    /// Called by ftrace instead of through a breakpoint. Never on arm64, nor on a kernel without
    /// `CONFIG_KPROBES_ON_FTRACE`.
    pub on_ftrace: bool,
    /// The probed module was unloaded. The probe can only be dropped.
    pub gone: bool,
    /// Switched off by `disable`, or not yet switched on.
    pub disabled: bool,
}
