// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Only parameters that are there can be said to be the user's.
// error: `vfs_read` has no parameter `buffer`: ssize_t vfs_read(

use kernel::prelude::*;

rprobes::kernel_types! { fn vfs_read(buffer: user); }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
