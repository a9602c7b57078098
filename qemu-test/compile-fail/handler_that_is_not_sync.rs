// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The handler runs on all CPUs at once.
// error: `Cell<u64>` cannot be shared between threads safely

use core::cell::Cell;
use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

struct Counter(Cell<u64>);

#[vtable]
impl kprobe::Handler for Counter {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.set(self.0.get() + 1);
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
