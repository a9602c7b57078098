// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The types of a module are in its file.
// error: the module `nosuch` is not among those whose types are known

use kernel::prelude::*;

rprobes::kernel_types! { fn nosuch:function; }

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
