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

/// As [`Busy`], where preemption is off anyhow: if that is counted, as else nobody could tell that code must not sleep there.
#[cfg(CONFIG_PREEMPT_COUNT)]
pub(crate) type BusyInAtomic = Uncounted;
#[cfg(not(CONFIG_PREEMPT_COUNT))]
pub(crate) type BusyInAtomic = Counted;

/// As either, at a tracepoint.
///
/// Before Linux 6.13, preemption is off there, and RCU is watching; later preemption may be on.
#[cfg(have_atomic_tracepoints)]
pub(crate) type BusyAtTracepoint = BusyInAtomic;
#[cfg(not(have_atomic_tracepoints))]
pub(crate) type BusyAtTracepoint = Counted;

/// A [`Busy`] that is begun as one in atomic context.
#[cfg_attr(all(CONFIG_PREEMPT_COUNT, have_atomic_tracepoints), allow(dead_code))]
pub(crate) struct Counted(#[allow(dead_code)] Busy);

#[cfg_attr(all(CONFIG_PREEMPT_COUNT, have_atomic_tracepoints), allow(dead_code))]
impl Counted {
    /// None, and one more of `missed`, if a handler is running on this CPU already.
    ///
    /// # Safety
    ///
    /// As [`Uncounted::begin`]. Here that is not relied on.
    #[inline(always)]
    pub(crate) unsafe fn begin(missed: &AtomicUsize) -> Option<Self> {
        Busy::begin(missed).map(Self)
    }
}

/// Preemption is off anyhow while there is one.
#[cfg_attr(not(CONFIG_PREEMPT_COUNT), allow(dead_code))]
pub(crate) struct Uncounted(());

#[cfg_attr(not(CONFIG_PREEMPT_COUNT), allow(dead_code))]
impl Uncounted {
    /// None, and one more of `missed`, if a handler is running on this CPU already.
    ///
    /// # Safety
    ///
    /// Preemption must be off until it is dropped, and RCU be watching.
    #[inline(always)]
    pub(crate) unsafe fn begin(missed: &AtomicUsize) -> Option<Self> {
        let miss = || {
            missed.fetch_add(1, Relaxed);
        };
        // SAFETY: The caller promises that, and what it begins is ended on drop.
        unsafe { arch::busy_begin_in_atomic(miss) }.then(|| Self(()))
    }
}

impl Drop for Uncounted {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: It was begun, on this CPU.
        unsafe { arch::busy_end_in_atomic() };
    }
}
