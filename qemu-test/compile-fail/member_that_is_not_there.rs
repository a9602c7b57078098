// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The members of a struct are those of the kernel's types.
// error: no field `i_nno` on type
// error: a field with a similar name exists

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

rprobes::kernel_types! { fn vfs_read; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let _ = rprobes::read!(cx, cx.args().file() => f_inode => i_nno);
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
