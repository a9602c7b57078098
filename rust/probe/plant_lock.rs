// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! One at a time plants probes on functions and at tracepoints, and takes them away.

use crate::bindings;

/// Held while that is done.
pub(super) struct PlantLock(());

impl PlantLock {
    pub(super) fn new() -> Self {
        // SAFETY: Process context; it is unlocked on drop, and never taken twice.
        unsafe { bindings::rprobes_plant_lock() };
        Self(())
    }
}

impl Drop for PlantLock {
    fn drop(&mut self) {
        // SAFETY: It was locked here.
        unsafe { bindings::rprobes_plant_unlock() };
    }
}
