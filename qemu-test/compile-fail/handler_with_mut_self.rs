// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The handler runs on all CPUs at once, so it has its state to share.
// error: method `pre` has an incompatible type for trait

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

struct Counter(u64);

#[vtable]
impl kprobe::Handler for Counter {
    fn pre(&mut self, _cx: &PreContext<'_>) {
        self.0 += 1;
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
