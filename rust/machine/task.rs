// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The task that is running, and its stack.
//!
//! C header: [`include/linux/sched.h`](srctree/include/linux/sched.h)

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

use super::PtRegs;
use crate::bindings;

const TASK_COMM_LEN: usize = bindings::TASK_COMM_LEN as usize;

/// The name of a thread.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Comm(pub [u8; TASK_COMM_LEN]);

impl Comm {
    /// That of the thread that is running. Any context.
    pub(crate) fn current() -> Self {
        let mut name = [0; TASK_COMM_LEN];
        // SAFETY: `name` is as long as the name of a task.
        unsafe { bindings::rprobes_task_comm(name.as_mut_ptr()) };
        Self(name)
    }

    /// The name without the NULs behind it.
    pub fn bytes(&self) -> &[u8] {
        let len = self.0.iter().position(|&c| c == 0).unwrap_or(TASK_COMM_LEN);
        &self.0[..len]
    }
}

impl Display for Comm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(BStr::from_bytes(self.bytes()), f)
    }
}

/// The process that is running. Any context.
pub(crate) fn tgid() -> i32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_tgid() }
}

/// The CPU that this runs on. Any context.
#[inline(always)]
pub(crate) fn cpu() -> u32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_cpu() }
}

/// How many CPUs there can be: all numbers of CPUs are below this. Any context.
pub(crate) fn cpus() -> u32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_cpus() }
}

/// The return addresses on the stack of the context that `regs` are of, at most as many as fit. Any context.
pub(crate) fn stack<'b>(regs: &PtRegs, addresses: &'b mut [usize]) -> &'b [usize] {
    let count = addresses.len().min(c_uint::MAX as usize) as c_uint;
    // SAFETY: The registers are those of the hit that is being handled, and there is room for `count` addresses.
    let found = unsafe { bindings::rprobes_stack(regs.as_ptr(), addresses.as_mut_ptr(), count) };
    &addresses[..(found as usize).min(addresses.len())]
}
