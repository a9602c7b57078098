// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Nothing can be freed in a handler.
// error: the trait bound `Box<u64, Kmalloc>: core::marker::Copy` is not satisfied

use kernel::prelude::*;
use rprobes::Map;

pub fn map() -> Result<Map<u32, KBox<u64>>> {
    Map::new(16)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
