// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A leaked probe goes on until the module is unloaded, so its handler must not borrow what goes earlier.
// error: lifetime bound not satisfied

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::kprobe::{self, PreContext};

struct Counter<'a>(&'a Atomic<u64>);

#[vtable]
impl<'a> kprobe::Handler for Counter<'a> {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.fetch_add(1, Relaxed);
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
