// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A function that the kernel does not have.
// error: the kernel's types have no function `vfs_raed` (did you mean `vfs_read`

use kernel::prelude::*;

rprobes::kernel_types! { fn vfs_raed; }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
