// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The registers are gone when the handler returns.
// error: borrowed data escapes outside of method

use kernel::{new_spinlock, prelude::*, sync::SpinLock};
use rprobes::{
    kprobe::{self, PreContext},
    PtRegs,
};

struct Keep(SpinLock<Option<&'static PtRegs>>);

#[vtable]
impl kprobe::Handler for Keep {
    fn pre(&self, cx: &PreContext<'_>) {
        *self.0.lock() = Some(cx.regs());
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
