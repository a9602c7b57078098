// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! System calls have six arguments.
// does not link: rust_build_error

use kernel::prelude::*;
use rprobes::kprobe::{self, Kprobe, PreContext};
use rprobes::Target;

struct Seven;

#[vtable]
impl kprobe::Handler for Seven {
    fn pre(&self, cx: &PreContext<'_>) {
        pr_info!("{}\n", cx.syscall().arg(6));
    }
}

pub fn plant() -> Result<Pin<KBox<Kprobe<Seven>>>> {
    KBox::pin_init(Kprobe::new(Target::symbol(c"vfs_read"), Seven), GFP_KERNEL)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
