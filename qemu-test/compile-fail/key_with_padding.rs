// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is in the padding would be part of the key.
// error: `Key` has 4 total byte(s) of padding

use kernel::prelude::*;
use rprobes::Map;
use zerocopy_derive::Immutable;

#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Key {
    pid: u32,
    inode: u64,
}

pub fn map() -> Result<Map<Key, u64>> {
    Map::new(16)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
