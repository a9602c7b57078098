// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Whoever reads it, that is no pointer any more.
// error: the trait bound `&'static u8: IntoBytes` is not satisfied

use kernel::{fmt, prelude::*};
use rprobes::stream::{Pushed, Record};

rprobes::record! {
    pub struct Open {
        name: &'static u8,
    }
}

impl Record for Open {
    fn write_line(&self, _pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)
    }
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
