// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Registers a probe in a handler, in safe code.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    Target,
};

rprobes::module! {
    type: InHandler,
    name: "in_handler",
    authors: ["The rprobes authors"],
    description: "Registers a probe in a handler",
    license: "GPL",
}

struct Nothing;

#[vtable]
impl kprobe::Handler for Nothing {}

/// Tries to plant a probe when it is hit.
struct Planter(Atomic<i32>);

#[vtable]
impl kprobe::Handler for Planter {
    fn pre(&self, _cx: &PreContext<'_>) {
        if self.0.load(Relaxed) != 0 {
            return;
        }
        let probe = Kprobe::new(Target::symbol(c"vfs_write"), Nothing);
        if let Err(error) = KBox::pin_init(probe, GFP_ATOMIC) {
            self.0.store(error.to_errno(), Relaxed);
        }
    }
}

struct InHandler;

impl kernel::Module for InHandler {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let planter = KBox::pin_init(
            Kprobe::new(Target::symbol(c"vfs_read"), Planter(Atomic::new(0))),
            GFP_KERNEL,
        )?;
        while planter.handler().0.load(Relaxed) == 0 {
            kernel::time::delay::fsleep(kernel::time::Delta::from_millis(10));
        }
        pr_info!("in a handler: {}\n", planter.handler().0.load(Relaxed));
        Ok(Self)
    }
}
