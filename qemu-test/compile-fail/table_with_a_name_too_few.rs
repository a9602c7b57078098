// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A tuple is as many columns as it has values.
// error: each column needs one name

use kernel::prelude::*;
use rprobes::report::{Report, Table};

pub fn show(report: &mut Report<'_>) -> Result {
    let mut table = Table::new(&["pid", "hits"]);
    table.add((1, "a"), 2);
    report.table("hits", &table)
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
