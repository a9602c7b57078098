// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Work is done by another task.
// error: `*const u8` cannot be sent between threads safely

use kernel::prelude::*;
use rprobes::Deferred;

pub fn leave() -> Result<Deferred<*const u8>> {
    Deferred::new(16, |_: *const u8| ())
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
