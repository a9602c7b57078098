// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is in the padding would be what was on the stack.
// error: `Open` has 4 total byte(s) of padding

use kernel::{fmt, prelude::*};
use rprobes::stream::{Pushed, Record};

rprobes::record! {
    pub struct Open {
        pid: i32,
        took: u64,
    }
}

impl Record for Open {
    fn write_line(&self, _pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.took)
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
