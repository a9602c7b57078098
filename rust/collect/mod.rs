// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What handlers gather: counts, histograms, events.

mod counter;
mod histogram;
pub mod ratelimit;
mod ring;

pub use counter::{Counter, Counters};
pub use histogram::Histogram;
pub use ring::Ring;
