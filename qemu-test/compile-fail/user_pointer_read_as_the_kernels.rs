// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What the user points to is read as the user's memory.
// error: is no address in the kernel's memory

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

rprobes::kernel_types! { fn vfs_read; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let _ = cx.read::<u8>(cx.args().buf());
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
