// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! size_t is no int.
// error: expected `u32`, found `usize`

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

rprobes::kernel_types! { fn vfs_read; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let _: u32 = cx.args().count();
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
