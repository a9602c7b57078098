// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A handler for any tracepoint has no names of arguments.
// error: to name arguments: kernel_types! { tracepoint t; }, impl Handler<t> for …, HitContext<'_, t>

use kernel::prelude::*;
use rprobes::tracepoint::{self, HitContext};

struct Show;

impl tracepoint::Handler for Show {
    fn hit(&self, cx: &HitContext<'_>) {
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
