// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A tracepoint that the kernel does not have is an error of the build, which says what there is.
// error: the kernel's types have no tracepoint `sched_swich` (did you mean `sched_switch`

use kernel::prelude::*;

rprobes::kernel_types! { tracepoint sched_swich; }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
