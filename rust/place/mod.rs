// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Places in the kernel: what an author or a user writes, and the addresses that it stands for.

pub(crate) mod functions;
mod kallsyms;
mod module;
mod names;
mod resolve;
mod section;
pub mod symbol;
mod syscall;
mod target;
pub(crate) mod tracepoint;

pub(crate) use module::Pin;
pub(crate) use resolve::{entries_of_32, find, resolve, Location};
pub(crate) use section::Section;
pub use symbol::Symbol;
pub use syscall::{SyscallName, SyscallNames};
pub(crate) use target::Place;
pub use target::Target;
