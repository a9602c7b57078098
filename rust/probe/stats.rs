// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What became of a probe.

/// What became of a probe so far, and how it is planted: a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Hits for which no handler was called, as another probe's handler was running on that CPU. C: `kp.nmissed`.
    pub missed: usize,
    /// Calls that a return probe did not follow, as `maxactive` others were in progress. C: `rp.nmissed`.
    pub exhausted: usize,
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
