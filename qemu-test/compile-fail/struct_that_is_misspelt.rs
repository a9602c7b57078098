// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A struct that the kernel does not have.
// error: the kernel has no `struct task_strict` (did you mean `task_struct`

use kernel::prelude::*;

rprobes::kernel_types! { struct task_strict; }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
