// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Room for handlers that need more than there is on the stack.

use core::cell::UnsafeCell;

use kernel::{
    alloc::flags::__GFP_NOWARN,
    prelude::*,
    sync::atomic::{Acquire, Atomic, Relaxed, Release},
};

use crate::machine;

/// Buffers of one size for handlers: some for each CPU, as interrupts, and non-maskable ones, may come in the middle of a
/// handler, and have handlers of their own.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, Scratch};
///
/// /// For `openat`.
/// struct Opens(Scratch);
///
/// #[vtable]
/// impl kprobe::Handler for Opens {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.0.with(|buffer| {
///             if let Ok(path) = cx.read_user_str(cx.syscall().arg(1), buffer) {
///                 pr_info!("{} bytes\n", path.len());
///             }
///         });
///     }
/// }
///
/// fn opens() -> Result<Opens> {
///     Ok(Opens(Scratch::new(4096)?))
/// }
/// ```
///
/// # Invariants
///
/// There are `LEVELS` buffers of `lines` lines, one behind the other, for each of `cpus`. A buffer is used by who has
/// changed its `is_taken` from 0 to 1, until that is 0 again.
pub struct Scratch {
    bytes: usize,
    lines: usize,
    cpus: KVVec<Cpu>,
    memory: KVVec<Line>,
    refused: Atomic<u64>,
}

/// How many handlers may use a buffer on one CPU at a time: of a task, of a softirq, of an interrupt, of an NMI.
const LEVELS: usize = 4;

const LINE: usize = 64;

/// Which buffers of a CPU are taken.
#[repr(align(64))]
struct Cpu {
    is_taken: [Atomic<u32>; LEVELS],
}

/// CPUs do not share lines of their caches.
#[repr(C, align(64))]
struct Line(UnsafeCell<[u8; LINE]>);

// SAFETY: A buffer is used by who has taken it alone.
unsafe impl Sync for Scratch {}

impl Scratch {
    /// Buffers of `bytes` bytes each. They take four times as much, and 64 bytes more, for each CPU that there may be; `bytes`
    /// is rounded up to a multiple of 64 for that. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for buffers of 0 bytes; [`ENOMEM`] for what takes more than half of the memory that there is.
    pub fn new(bytes: usize) -> Result<Self> {
        if bytes == 0 {
            return Err(EINVAL);
        }
        let count = machine::cpus() as usize;
        let lines = bytes.div_ceil(LINE);
        let all = lines.checked_mul(LEVELS * count).ok_or(ENOMEM)?;
        machine::check_may_take(all, LINE)?;
        // Too much is an error, and nothing to complain of in the log.
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let mut cpus = KVVec::with_capacity(count, flags)?;
        for _ in 0..count {
            let is_taken = [const { Atomic::new(0) }; LEVELS];
            cpus.push(Cpu { is_taken }, flags)?;
        }
        let mut memory = KVVec::with_capacity(all, flags)?;
        for _ in 0..all {
            memory.push(Line(UnsafeCell::new([0; LINE])), flags)?;
        }
        // INVARIANT: That is how many lines there are, and none is taken.
        Ok(Self {
            bytes,
            lines,
            cpus,
            memory,
            refused: Atomic::new(0),
        })
    }

    /// Calls `f` with a buffer, which has in it what its last user has left. None, and `f` is not called, if all buffers
    /// of this CPU are taken. Any context; nothing is allocated or waited for.
    pub fn with<R>(&self, f: impl FnOnce(&mut [u8]) -> R) -> Option<R> {
        let Some((is_taken, buffer)) = self.take() else {
            self.refused.fetch_add(1, Relaxed);
            return None;
        };
        // SAFETY: There are as many bytes in the lines of a buffer, all of them initialised and inside `UnsafeCell`, and by
        // the type invariants nobody else uses them until they are given back below. That does not depend on which CPU
        // this goes on.
        let result = f(unsafe { core::slice::from_raw_parts_mut(buffer, self.bytes) });
        // INVARIANT: It is used no more. What was written is seen by who takes it next.
        is_taken.store(0, Release);
        Some(result)
    }

    /// Takes a buffer of this CPU.
    fn take(&self) -> Option<(&Atomic<u32>, *mut u8)> {
        let cpu = machine::cpu() as usize;
        let levels = &self.cpus.get(cpu)?.is_taken;
        let level = levels
            .iter()
            .position(|is_taken| is_taken.cmpxchg(0, 1, Acquire).is_ok())?;
        let first = (cpu * LEVELS + level) * self.lines;
        // By the type invariants there are that many; the pointer is to all of them.
        let lines = self.memory.get(first..first + self.lines)?;
        Some((&levels[level], lines.as_ptr().cast_mut().cast()))
    }

    /// How often there was no buffer. Any context.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
    /// The memory that they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.cpus) + size_of_val(&*self.memory)
    }
}
