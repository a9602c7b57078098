// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A handler of one function is not planted at another.
// error: expected `functions::vfs_read`, found `functions::vfs_write`

use kernel::prelude::*;
use rprobes::kprobe::{self, Kprobe};

rprobes::kernel_types! { fn vfs_read; fn vfs_write; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {}

fn plant() -> Result<Pin<KBox<Kprobe<Show, vfs_read>>>> {
    KBox::pin_init(Kprobe::new(vfs_write::TARGET, Show), GFP_KERNEL)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
