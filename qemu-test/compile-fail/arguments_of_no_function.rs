// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Registers have no names, if the function is not named.
// error: doesn't satisfy `Raw:
// error: to name arguments: kernel_types! { fn f; }, impl Handler<f> for

use kernel::prelude::*;
use rprobes::kprobe::{self, PreContext};

struct Show;

#[vtable]
impl kprobe::Handler for Show {
    fn pre(&self, cx: &PreContext<'_>) {
        let _ = cx.args();
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
