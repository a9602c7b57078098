// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How probes on functions are planted: what [`fprobe`](super::fprobe) offers stands on this.

mod callbacks;
mod kprobes;
mod planting;
mod registered;
mod replacing;
mod state;
mod waiting;

pub(crate) use registered::Registered;
pub use replacing::{Call, Replacement, Returned};
pub(crate) use state::AsHook;
pub use state::{Function, Options};
