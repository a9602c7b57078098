// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes that their own handlers disable or unregister. Prints what was seen.

use core::hint::black_box;

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
    kretprobe::{self, Kretprobe, RetContext},
    ProbeSet, Target,
};

rprobes::module! {
    type: Later,
    name: "later",
    authors: ["The rprobes authors"],
    description: "Has probes disabled and unregistered by their handlers",
    license: "GPL",
}

const TARGET: Target<'static> =
    Target::first_of(&[c"rprobes_later_no_such_function", c"rprobes_later_target"]);

#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_later_target(n: usize) -> usize {
    black_box(n) + 1
}

fn call() {
    let function: extern "C" fn(usize) -> usize = black_box(rprobes_later_target);
    function(1);
}

/// Waits until something is true, 10 seconds at most.
fn until(mut done: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if done() {
            return;
        }
        fsleep(Delta::from_millis(10));
    }
}

struct Count(Atomic<usize>);

impl Count {
    fn new() -> Self {
        Self(Atomic::new(0))
    }

    fn hits(&self) -> usize {
        self.0.load(Relaxed)
    }
}

/// Is to be disabled.
struct Disables(Count);

#[vtable]
impl kprobe::Handler for Disables {
    fn pre(&self, cx: &PreContext<'_>) {
        if self.0 .0.fetch_add(1, Relaxed) == 0 {
            cx.disable_later();
        }
    }
}

/// Is to be unregistered.
struct Once(Count);

#[vtable]
impl kprobe::Handler for Once {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0 .0.fetch_add(1, Relaxed);
        cx.unregister_later();
    }
}

#[vtable]
impl kretprobe::Handler for Once {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        self.0 .0.fetch_add(1, Relaxed);
        cx.unregister_later();
    }
}

struct Counts(Count);

#[vtable]
impl kprobe::Handler for Counts {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0 .0.fetch_add(1, Relaxed);
    }
}

struct Later;

impl kernel::Module for Later {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let probe = KBox::pin_init(Kprobe::new(TARGET, Disables(Count::new())), GFP_KERNEL)?;
        pr_info!("first of two names: {}\n", probe.address());
        call();
        let disabled = || probe.stats().is_some_and(|stats| stats.disabled);
        until(disabled);
        call();
        let (hits, was) = (probe.handler().0.hits(), disabled());
        probe.enable()?;
        call();
        let then = probe.handler().0.hits();
        pr_info!(
            "disabled: {} hits, disabled {}, then {} hits\n",
            hits,
            was,
            then
        );
        drop(probe);

        // What was asked for before it is enabled is not done after that.
        let mut hits = 0;
        for _ in 0..20 {
            let probe = KBox::pin_init(Kprobe::new(TARGET, Disables(Count::new())), GFP_KERNEL)?;
            call();
            probe.enable()?;
            fsleep(Delta::from_millis(20));
            call();
            hits += probe.handler().0.hits();
        }
        pr_info!("enabled: {} hits of 40 calls\n", hits);

        let probe = KBox::pin_init(Kprobe::new(TARGET, Once(Count::new())), GFP_KERNEL)?;
        call();
        until(|| probe.stats().is_none());
        call();
        pr_info!(
            "unregistered: {} hits, stats {:?}, enable {:?}\n",
            probe.handler().0.hits(),
            probe.stats(),
            probe.enable()
        );
        drop(probe);

        let probe = KBox::pin_init(Kretprobe::new(TARGET, Once(Count::new())), GFP_KERNEL)?;
        call();
        until(|| probe.stats().is_none());
        call();
        pr_info!(
            "return probe: {} hits, stats {:?}\n",
            probe.handler().0.hits(),
            probe.stats()
        );
        drop(probe);

        let once = Arc::new(Once(Count::new()), GFP_KERNEL)?;
        let counts = Arc::new(Counts(Count::new()), GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.kprobe(TARGET, once.clone())?;
        set.kprobe(TARGET, counts.clone())?;
        let set = set.register()?;
        call();
        let left = || set.stats().filter(Option::is_some).count();
        until(|| left() == 1);
        call();
        pr_info!(
            "in a set: {} and {} hits, {} left\n",
            once.0.hits(),
            counts.0.hits(),
            left()
        );
        drop(set);

        // The probe goes at the same moment, by its owner.
        let once = Arc::new(Once(Count::new()), GFP_KERNEL)?;
        for _ in 0..50 {
            let probe = KBox::pin_init(Kprobe::new(TARGET, once.clone()), GFP_KERNEL)?;
            call();
            drop(probe);
        }
        pr_info!("races: {} hits of 50 calls\n", once.0.hits());

        // Two for the drain: one that nobody asks for anything, and one that is asked a moment before.
        let probe = KBox::pin_init(Kprobe::new(TARGET, Counts(Count::new())), GFP_KERNEL)?;
        core::mem::forget(probe);
        let probe = KBox::pin_init(Kprobe::new(TARGET, Once(Count::new())), GFP_KERNEL)?;
        core::mem::forget(probe);
        Ok(Self)
    }
}

impl Drop for Later {
    fn drop(&mut self) {
        call();
    }
}
