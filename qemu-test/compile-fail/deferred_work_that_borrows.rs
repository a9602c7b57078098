// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is queued may be done long after, also if the queue is leaked.
// error: `pid` does not live long enough

use kernel::prelude::*;
use rprobes::Deferred;

pub fn leave() -> Result {
    let pid = 7;
    let deferred = Deferred::new(16, |pid: &i32| pr_info!("{}\n", pid))?;
    deferred.push(&pid);
    Ok(())
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
