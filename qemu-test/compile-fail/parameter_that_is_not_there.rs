// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The parameters of a function are those of the kernel's types; the message shows the prototype.
// error: no method named `cnt`
// error: ssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

rprobes::kernel_types! { fn vfs_read; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let _ = cx.args().cnt();
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
