// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Tracing.

pub mod buffer;
mod error_log;
pub mod event;
mod fetch;
mod files;
mod instance;
pub mod kprobe_event;
mod list;
mod recording;
mod text;

pub(crate) use list::drain;
pub(crate) use recording::prepare;
