// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes in a module that need not be there. Says at the end what they saw; with `leak=1` it forgets them.

use core::mem::ManuallyDrop;

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kprobe::{self, PreContext},
    kretprobe::{self, RetContext},
    Target,
};

rprobes::module! {
    type: Wait,
    name: "when_loaded",
    authors: ["The rprobes authors"],
    description: "Waits for a module",
    license: "GPL",
    params: {
        symbol: string { default: "bench_target:rprobes_bench_target", description: "module:function" },
        leak: bool { default: false, description: "Forget the probes when unloaded" },
    },
}

struct Count(Atomic<usize>);

#[vtable]
impl kprobe::Handler for Count {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[vtable]
impl kretprobe::Handler for Count {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        self.0.fetch_add(cx.return_value(), Relaxed);
    }
}

struct Wait {
    hits: ManuallyDrop<Pin<KBox<kprobe::WhenLoaded<Count>>>>,
    returns: ManuallyDrop<Pin<KBox<kretprobe::WhenLoaded<Count>>>>,
}

impl Wait {
    fn say(&self, when: &str) {
        pr_info!(
            "{}: hits {} ({:?}), missed {:?}; returned {} in all\n",
            when,
            self.hits.handler().0.load(Relaxed),
            self.hits.state(),
            self.hits.stats().map(|stats| stats.missed),
            self.returns.handler().0.load(Relaxed)
        );
    }
}

impl kernel::Module for Wait {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let symbol = params::symbol.get()?;
        let target = Target::parse(&symbol)?;
        let hits = kprobe::WhenLoaded::new(target, Count(Atomic::new(0)));
        let returns = kretprobe::WhenLoaded::new(target, Count(Atomic::new(0)));
        let wait = Self {
            hits: ManuallyDrop::new(KBox::pin_init(hits, GFP_KERNEL)?),
            returns: ManuallyDrop::new(KBox::pin_init(returns, GFP_KERNEL)?),
        };
        wait.say("loaded");
        Ok(wait)
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.say("unloaded");
        if !params::leak.value() {
            // SAFETY: They are not used after this.
            unsafe {
                ManuallyDrop::drop(&mut self.hits);
                ManuallyDrop::drop(&mut self.returns);
            }
        }
    }
}
