// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Keeping handlers that ftrace and tracepoints call from reaching themselves, as trampolines do; see [`direct`](super::direct).
//!
//! C headers: [`include/linux/preempt.h`](srctree/include/linux/preempt.h),
//! [`include/linux/rcupdate.h`](srctree/include/linux/rcupdate.h)

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::arch;

/// While there is one, preemption is off, and no other handler is called on this CPU.
pub(crate) struct Busy(());

impl Busy {
    /// None, and one more of `missed`, if a handler is running on this CPU already, or RCU is not watching.
    #[inline(always)]
    pub(crate) fn begin(missed: &AtomicUsize) -> Option<Self> {
        let miss = || {
            missed.fetch_add(1, Relaxed);
        };
        // SAFETY: What it begins is ended on drop. Without a beginning there must not be anything to drop, so no `then_some()`.
        unsafe { arch::busy_begin(miss) }.then(|| Self(()))
    }
}

impl Drop for Busy {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: It was begun, on this CPU, as preemption was off since.
        unsafe { arch::busy_end() };
    }
}

/// As either, at a tracepoint.
///
/// Before Linux 6.13, preemption is off there, and RCU is watching; later preemption may be on.
#[cfg(have_atomic_tracepoints)]
pub(crate) type BusyAtTracepoint = BusyInAtomic;
#[cfg(not(have_atomic_tracepoints))]
pub(crate) struct BusyAtTracepoint(#[allow(dead_code)] Busy);

#[cfg(not(have_atomic_tracepoints))]
impl BusyAtTracepoint {
    /// None, and one more of `missed`, if a handler is running on this CPU already.
    ///
    /// # Safety
    ///
    /// A tracepoint must have called, and not go on before it is dropped.
    #[inline(always)]
    pub(crate) unsafe fn begin(missed: &AtomicUsize) -> Option<Self> {
        Busy::begin(missed).map(Self)
    }
}

/// As [`Busy`], where preemption is off anyhow.
pub(crate) struct BusyInAtomic(());

impl BusyInAtomic {
    /// None, and one more of `missed`, if a handler is running on this CPU already.
    ///
    /// # Safety
    ///
    /// Preemption must be off until it is dropped.
    #[inline(always)]
    pub(crate) unsafe fn begin(missed: &AtomicUsize) -> Option<Self> {
        let miss = || {
            missed.fetch_add(1, Relaxed);
        };
        // SAFETY: The caller promises that, and what it begins is ended on drop.
        unsafe { arch::busy_begin_in_atomic(miss) }.then(|| Self(()))
    }
}

impl Drop for BusyInAtomic {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: It was begun, on this CPU.
        unsafe { arch::busy_end_in_atomic() };
    }
}
