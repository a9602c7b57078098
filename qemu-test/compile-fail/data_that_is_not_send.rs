// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A call that sleeps may return on another CPU.
// error: `*const u8` cannot be sent between threads safely

use kernel::prelude::*;
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Kretprobe},
    Target,
};

struct Follow;

#[vtable]
impl kretprobe::Handler for Follow {
    type Data = *const u8;

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<*const u8> {
        Entry::Skip
    }
}

pub fn plant() -> Result<Pin<KBox<Kretprobe<Follow>>>> {
    KBox::pin_init(
        Kretprobe::new(Target::symbol(c"vfs_read"), Follow),
        GFP_KERNEL,
    )
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
