// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A tracepoint passes arguments, and has no registers.
// error: doesn't satisfy `AtTracepoint<[usize; 4]>: WithRegisters`

use kernel::prelude::*;
use rprobes::tracepoint::{self, HitContext};

rprobes::kernel_types! { tracepoint sched_switch; }

struct Show;

impl tracepoint::Handler<sched_switch> for Show {
    fn hit(&self, cx: &HitContext<'_, sched_switch>) {
        pr_info!("{}\n", cx.regs().ip());
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
