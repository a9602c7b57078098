// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The seventh argument on x86_64, and the ninth on arm64, is on the stack.
// does not link: rust_build_error

use kernel::prelude::*;
use rprobes::kprobe::{self, Kprobe, PreContext};
use rprobes::Target;

struct Nine;

#[vtable]
impl kprobe::Handler for Nine {
    fn pre(&self, cx: &PreContext<'_>) {
        pr_info!("{}\n", cx.regs().arg(9));
    }
}

pub fn plant() -> Result<Pin<KBox<Kprobe<Nine>>>> {
    KBox::pin_init(Kprobe::new(Target::symbol(c"vfs_read"), Nine), GFP_KERNEL)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
