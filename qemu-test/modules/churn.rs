// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Registers, enables, disables and unregisters probes, over and over, while the machine is busy in what they probe:
//! in `kernel_clone`, and in a function that is called by every read of `/sys/kernel/debug/churn/call` and counts its
//! calls.

use kernel::{
    debugfs::Dir,
    fmt,
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
        rounds: u32 { default: 1000, description: "How many times" },
    },
}

extern "C" {
    fn rprobes_churn_target();
    fn rprobes_churn_calls() -> usize;
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

fn call(_file: &(), _f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for _ in 0..100 {
        // SAFETY: It only counts.
        unsafe { rprobes_churn_target() };
    }
    Ok(())
}

struct Churn;

impl kernel::Module for Churn {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let count = || Count(Atomic::new(0));
        // This one stays, and must see each single call.
        let own = Target::symbol(c"rprobes_churn_target");
        let watch = KBox::pin_init(Kprobe::new(own, count()), GFP_KERNEL)?;
        let dir = Dir::new(c"churn");
        let file = KBox::pin_init(dir.read_callback_file(c"call", (), &call), GFP_KERNEL)?;

        // By address: the name is looked up once.
        let clone = KBox::pin_init(
            Kprobe::new(Target::symbol(c"kernel_clone"), count()),
            GFP_KERNEL,
        )?;
        let targets = [watch.address().0, clone.address().0].map(Target::address);
        drop(clone);
        let hits = Arc::new(count(), GFP_KERNEL)?;
        let returns = Arc::new(count(), GFP_KERNEL)?;
        for round in 0..params::rounds.value() as usize {
            let target = targets[round % 2];
            let probe = KBox::pin_init(Kprobe::new_disabled(target, hits.clone()), GFP_KERNEL)?;
            probe.enable()?;
            let ret = KBox::pin_init(Kretprobe::new(target, returns.clone()), GFP_KERNEL)?;
            probe.disable()?;
            probe.enable()?;
            if round % 16 < 2 {
                // Time for a few calls.
                fsleep(Delta::from_millis(2));
            }
            drop(ret);
            drop(probe);
            if round % 16 < 2 {
                must_stay(&hits, "kprobe")?;
                must_stay(&returns, "kretprobe")?;
            }
        }
        // Waits for those who are reading it.
        drop(file);
        pr_info!(
            "hits {}, returns {}\n",
            hits.0.load(Relaxed),
            returns.0.load(Relaxed)
        );
        pr_info!(
            "{} hits and {} missed of {} calls\n",
            watch.handler().0.load(Relaxed),
            watch.stats().map_or(0, |stats| stats.missed),
            // SAFETY: It only reads.
            unsafe { rprobes_churn_calls() }
        );
        Ok(Self)
    }
}
