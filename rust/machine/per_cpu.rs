// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Memory: what is another thing on each CPU, and how much there may be of other things.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use kernel::prelude::*;

use super::{arch, cpus};
use crate::bindings;

/// Refuses `count` times so many bytes if that is more than half of the memory that there is: somebody might be killed for it. Process context.
///
/// # Errors
///
/// [`ENOMEM`].
pub(crate) fn check_may_take(count: usize, bytes: usize) -> Result {
    let bytes = count.checked_mul(bytes).ok_or(ENOMEM)?;
    // SAFETY: Called in process context, says the documentation.
    if unsafe { bindings::rprobes_may_take(bytes) } {
        Ok(())
    } else {
        Err(ENOMEM)
    }
}

/// A word that is another one on each CPU, and does not change.
///
/// # Invariants
///
/// It is an allocation of `rprobes_percpu_alloc` of one word.
pub(crate) struct PerCpuWord(*mut u64);

// SAFETY: It is only read.
unsafe impl Send for PerCpuWord {}
// SAFETY: As above.
unsafe impl Sync for PerCpuWord {}

impl PerCpuWord {
    /// The words of all CPUs that there may be. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub(crate) fn new(of_cpu: impl Fn(u32) -> u64) -> Result<Self> {
        // SAFETY: Called in process context, says the documentation.
        let word = unsafe { bindings::rprobes_percpu_alloc(1) };
        if word.is_null() {
            return Err(ENOMEM);
        }
        for cpu in 0..cpus() {
            // SAFETY: It was allocated just now, and nobody reads it yet.
            unsafe { bindings::rprobes_percpu_set(word, cpu, of_cpu(cpu)) };
        }
        // INVARIANT: It was allocated just now.
        Ok(Self(word))
    }

    /// That of this CPU; if preemption is on, of one that this ran on just now. Any context.
    #[inline(always)]
    pub(crate) fn here(&self) -> u64 {
        // SAFETY: By the type invariant.
        unsafe { arch::percpu_read(self.0) }
    }
}

impl Drop for PerCpuWord {
    fn drop(&mut self) {
        // SAFETY: By the type invariant, and nobody refers to it any more.
        unsafe { bindings::rprobes_percpu_free(self.0) }
    }
}
