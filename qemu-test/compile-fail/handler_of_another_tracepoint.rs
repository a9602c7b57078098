// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A handler of one tracepoint is not planted at another.
// error: expected `functions::sched_switch`, found `functions::sched_wakeup`

use kernel::prelude::*;
use rprobes::tracepoint::{self, HitContext, Tracepoint};

rprobes::kernel_types! { tracepoint sched_switch; tracepoint sched_wakeup; }

struct Show;

impl tracepoint::Handler<sched_switch> for Show {
    fn hit(&self, _cx: &HitContext<'_, sched_switch>) {}
}

fn plant() -> Result<Pin<KBox<Tracepoint<Show, sched_switch>>>> {
    KBox::pin_init(Tracepoint::new(sched_wakeup::TARGET, Show), GFP_KERNEL)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
