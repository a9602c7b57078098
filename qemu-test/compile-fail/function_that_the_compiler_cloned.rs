// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What the parameters of a clone are nobody knows.
// error: `vfs_read.isra.0` is a clone of `vfs_read` that the compiler made

use kernel::prelude::*;

rprobes::kernel_types! { fn vfs_read.isra.0; }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
