// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Forgets a registered probe, as safe code may. With `fail=1` it then refuses to load. With `freed=1` it frees the
//! memory in which the probe was made, without dropping it, which is safe code, too.

use kernel::{prelude::*, types::Opaque};
use pin_init::Wrapper;
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    Target,
};

rprobes::module! {
    type: Leak,
    name: "leak",
    authors: ["The rprobes authors"],
    description: "Forgets a registered probe",
    license: "GPL",
    params: {
        freed: bool { default: false, description: "Free the memory in which it was made" },
        fail: bool { default: false, description: "Refuse to load afterwards" },
    },
}

struct Say;

#[vtable]
impl kprobe::Handler for Say {
    fn pre(&self, cx: &PreContext<'_>) {
        pr_info!("hit {}\n", cx.target());
    }
}

struct Leak;

impl kernel::Module for Leak {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let probe = Kprobe::new(Target::symbol(c"kernel_clone"), Say);
        if params::freed.value() {
            drop(KBox::pin_init(Opaque::pin_init(probe), GFP_KERNEL)?);
        } else {
            core::mem::forget(KBox::pin_init(probe, GFP_KERNEL)?);
        }
        if params::fail.value() {
            return Err(ENODEV);
        }
        Ok(Self)
    }
}
