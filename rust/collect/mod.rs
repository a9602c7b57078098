// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What handlers gather: counts, histograms, what belongs to a key, events; and room to work in.

pub mod aggregate;
pub(crate) mod bars;
mod counter;
mod histogram;
mod key;
pub mod map;
mod per_cpu_map;
pub mod ratelimit;
mod ring;
mod scratch;
mod stacks;
mod summary;

pub use counter::{Counter, CounterArray, Counters};
pub use histogram::Histogram;
pub use per_cpu_map::PerCpuMap;
pub use ring::Ring;
pub use scratch::Scratch;
pub use stacks::{StackId, Stacks, StacksStats};
