// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The probed code goes on with what was written.
// error: call to unsafe function `PtRegs::set_arg` is unsafe

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

struct Zero;

#[vtable]
impl kprobe::Handler for Zero {
    fn pre(&self, cx: &PreContext<'_>) {
        cx.regs().set_arg(0, 0);
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
