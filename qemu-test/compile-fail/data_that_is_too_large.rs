// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The kernel has a limit.
// error: the per-call Data of a kretprobe is larger than the 4096 bytes that the kernel allows

use kernel::prelude::*;
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Kretprobe},
    Target,
};

type Data = [u8; 4097];

struct Follow;

#[vtable]
impl kretprobe::Handler for Follow {
    type Data = Data;

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<Data> {
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
