// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is done later, in process context: at the request of a handler, or at a time.

pub mod deferred;
mod timer;
mod worker;

pub use timer::Timer;
pub(crate) use worker::{drain, stop};
