// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes of every kind, and the context in which their handlers run.

pub mod context;
pub(crate) mod filter;
pub mod fprobe;
mod function;
pub mod guard;
pub mod hook;
mod kind;
pub mod kprobe;
pub mod kretprobe;
mod node;
mod overload;
mod path;
mod plant_lock;
pub mod planted;
mod process_context;
mod refusal;
mod registration;
pub mod set;
mod stack;
mod stats;
mod struct_kprobe;
mod syscall;
pub mod task;
pub mod tracepoint;
mod user_pointers;
mod user_string;
pub mod when_loaded;

pub use filter::Filter;
pub(crate) use process_context::{check_may_drop, check_may_sleep};
pub(crate) use registration::drain;
pub use stats::Stats;
pub use user_string::{UserString, UserText};
