// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! `rust/collect/`.

#[path = "../../../rust/collect/aggregate.rs"]
pub mod aggregate;
#[path = "../../../rust/collect/bars.rs"]
pub(crate) mod bars;
#[path = "../../../rust/collect/histogram.rs"]
mod histogram;
#[path = "../../../rust/collect/key.rs"]
mod key;
#[path = "../../../rust/collect/map.rs"]
pub mod map;
#[path = "../../../rust/collect/per_cpu_map.rs"]
mod per_cpu_map;
#[path = "../../../rust/collect/summary.rs"]
mod summary;

pub use per_cpu_map::PerCpuMap;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::prelude::Result;

/// As those of the crate, if not of each CPU.
pub struct Counters<const N: usize>([AtomicU64; N]);

impl<const N: usize> Counters<N> {
    pub fn new() -> Result<Self> {
        Ok(Self([const { AtomicU64::new(0) }; N]))
    }

    pub fn inc<const I: usize>(&self) {
        self.0[I].fetch_add(1, Relaxed);
    }

    pub unsafe fn inc_unchecked(&self, i: usize) {
        self.0[i].fetch_add(1, Relaxed);
    }

    pub fn sum(&self, i: usize) -> u64 {
        self.0[i].load(Relaxed)
    }
}
