// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is no pointer cannot be followed.
// error: `u32` is no pointer, so `=>` cannot follow it

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

rprobes::kernel_types! { fn vfs_read; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let _ = rprobes::read!(cx, cx.args().file() => f_flags => f_inode);
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
