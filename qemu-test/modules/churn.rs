// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Registers, enables, disables and unregisters probes, over and over, while the machine is busy in what they probe.

use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
    time::{delay::fsleep, Delta},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    Target,
};

rprobes::module! {
    type: Churn,
    name: "churn",
    authors: ["The rprobes authors"],
    description: "Registers and unregisters probes over and over",
    license: "GPL",
    params: {
        rounds: u32 { default: 250, description: "How many times" },
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
    type Data = usize;

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<usize> {
        Entry::Trace(42)
    }

    fn ret(&self, _cx: &RetContext<'_>, data: &usize) {
        if *data == 42 {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

/// The handler's count after it was disabled must stay.
fn must_stay(count: &Count, what: &str) -> Result {
    let before = count.0.load(Relaxed);
    fsleep(Delta::from_millis(1));
    if count.0.load(Relaxed) != before {
        pr_err!("a {} was called after it was gone\n", what);
        return Err(EINVAL);
    }
    Ok(())
}

struct Churn;

impl kernel::Module for Churn {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // By address: the name is looked up once.
        let first = KBox::pin_init(
            Kprobe::new(Target::symbol(c"kernel_clone"), Count(Atomic::new(0))),
            GFP_KERNEL,
        )?;
        let target = Target::address(first.address().0);
        drop(first);
        let hits = Arc::new(Count(Atomic::new(0)), GFP_KERNEL)?;
        let returns = Arc::new(Count(Atomic::new(0)), GFP_KERNEL)?;
        for _ in 0..params::rounds.value() {
            let probe = KBox::pin_init(Kprobe::new_disabled(target, hits.clone()), GFP_KERNEL)?;
            probe.enable()?;
            let ret = KBox::pin_init(Kretprobe::new(target, returns.clone()), GFP_KERNEL)?;
            probe.disable()?;
            probe.enable()?;
            // Time for a few calls.
            fsleep(Delta::from_millis(2));
            drop(ret);
            drop(probe);
            must_stay(&hits, "kprobe")?;
            must_stay(&returns, "kretprobe")?;
        }
        pr_info!(
            "hits {}, returns {}\n",
            hits.0.load(Relaxed),
            returns.0.load(Relaxed)
        );
        Ok(Self)
    }
}
