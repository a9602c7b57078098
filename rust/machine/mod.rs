// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The machine: its registers and its memory, and what runs on it at the moment.

pub(crate) mod arch;
mod busy;
mod capability;
pub(crate) mod direct;
mod irq;
pub(crate) mod memory;
pub(crate) mod path;
mod per_cpu;
pub(crate) mod process;
mod regs;
mod stack;
mod syscall;
mod task;
mod words;

pub(crate) use busy::{Busy, BusyAtTracepoint, BusyInAtomic};
pub use capability::{Capabilities, Capability};
pub(crate) use irq::{relax, IrqOff, Irqs};
pub use path::Path;
pub(crate) use per_cpu::{check_may_take, PerCpuWord};
pub use process::{CommandLine, Parent};
pub use regs::PtRegs;
pub(crate) use stack::{stack_here, user_object, user_stack};
pub use syscall::Syscall;
pub use task::Comm;
pub(crate) use task::{cpu, cpus, random, stack, tgid, TaskWord};
pub(crate) use words::Call;
pub use words::Words;
