// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A system call that does not exist.
// error: there is no system call `kil` (did you mean `kill`

use kernel::prelude::*;

rprobes::kernel_types! { syscall kil; }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
