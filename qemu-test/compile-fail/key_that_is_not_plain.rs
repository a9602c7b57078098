// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The bytes of a pair are not laid down.
// error: the trait `IntoBytes` is not implemented for `(u32, u64)`

use kernel::prelude::*;
use rprobes::Map;

pub fn map() -> Result<Map<(u32, u64), u64>> {
    Map::new(16)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
