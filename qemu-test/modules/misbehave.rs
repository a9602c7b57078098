// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Goes wrong on purpose, so that the test runner can be seen to notice.

use kernel::{prelude::*, sync::Completion};

rprobes::module! {
    type: Misbehave,
    name: "misbehave",
    authors: ["The rprobes authors"],
    description: "Goes wrong on purpose",
    license: "GPL",
    params: {
        panic: bool { default: false, description: "Panic" },
        hang: bool { default: false, description: "Never give the processor back" },
        warning: bool { default: false, description: "Print a warning" },
        silence: bool { default: false, description: "Sleep for ever" },
    },
}

struct Misbehave;

impl kernel::Module for Misbehave {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if params::panic.value() {
            panic!("as requested");
        }
        if params::hang.value() {
            let lock = KBox::pin_init(kernel::new_spinlock!(()), GFP_KERNEL)?;
            let _guard = lock.lock();
            loop {
                core::hint::spin_loop();
            }
        }
        if params::warning.value() {
            kernel::warn_on!(true);
        }
        if params::silence.value() {
            KBox::pin_init(Completion::new(), GFP_KERNEL)?.wait_for_completion();
        }
        Ok(Self)
    }
}
