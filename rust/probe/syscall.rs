// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The system call that a task is in when a probe is hit.

use super::context::Context;
use crate::machine::Syscall;

impl<Phase, F> Context<'_, Phase, F> {
    /// The system call that the current task is in, from the registers with which it entered the kernel: whichever
    /// function is probed. In an interrupt, it is that of the task that was interrupted.
    ///
    /// It is the same when a function returns as when it is entered; but `execve` and `sigreturn`, if they succeed,
    /// replace these registers. Keep it from the entry then.
    #[doc(alias = "current_pt_regs")]
    pub fn syscall(&self) -> Syscall {
        Syscall::current()
    }
}
