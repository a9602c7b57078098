// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A function is no tracepoint, nor the other way round.
// error: expected `AnyTracepoint`, found `Raw`

use kernel::prelude::*;
use rprobes::tracepoint::{self, HitContext, Tracepoint};
use rprobes::Target;

struct Show;

impl tracepoint::Handler for Show {
    fn hit(&self, _cx: &HitContext<'_>) {}
}

fn plant() -> Result<Pin<KBox<Tracepoint<Show>>>> {
    KBox::pin_init(
        Tracepoint::new(Target::symbol(c"schedule"), Show),
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
