// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A timer that is leaked goes on until the module is unloaded.
// error: borrowed data escapes outside of function

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
    time::Delta,
};
use rprobes::Timer;

pub fn tick(ticks: &Atomic<u32>) -> Result<Timer> {
    Timer::every(Delta::from_millis(100), || {
        ticks.fetch_add(1, Relaxed);
    })
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
