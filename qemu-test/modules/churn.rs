// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Registers, enables, disables and unregisters probes, over and over, while the machine is busy in what they probe:
//! in `kernel_clone`, and in a function that is called by every read of `/sys/kernel/debug/churn/calls` and counts its
//! calls. How many rounds is written to `rounds`.

use kernel::{
    prelude::*,
    str::{parse_int::ParseInt, BStr},
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
    time::{delay::fsleep, Delta},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    report::{self, Report},
    Target,
};

rprobes::module! {
    type: Churn,
    name: "churn",
    authors: ["The rprobes authors"],
    description: "Registers and unregisters probes over and over",
    license: "GPL",
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

struct State {
    /// This one stays, and must see each single call.
    watch: Pin<KBox<Kprobe<Count>>>,
    /// By address: the name is looked up once.
    targets: [usize; 2],
    hits: Arc<Count>,
    returns: Arc<Count>,
}

impl State {
    fn call(&self, report: &mut Report<'_>) -> Result {
        for _ in 0..100 {
            // SAFETY: It only counts.
            unsafe { rprobes_churn_target() };
        }
        report.value("hits", &self.watch.handler().0.load(Relaxed))?;
        report.value(
            "missed",
            &self.watch.stats().map_or(0, |stats| stats.missed),
        )?;
        // SAFETY: It only reads.
        report.value("calls", &unsafe { rprobes_churn_calls() })
    }

    fn show(&self, report: &mut Report<'_>) -> Result {
        report.value("hits", &self.hits.0.load(Relaxed))?;
        report.value("returns", &self.returns.0.load(Relaxed))
    }

    fn churn(&self, text: &[u8]) -> Result {
        let rounds = usize::from_str(BStr::from_bytes(text.trim_ascii()))?;
        for round in 0..rounds {
            let target = Target::address(self.targets[round % 2]);
            let probe =
                KBox::pin_init(Kprobe::new_disabled(target, self.hits.clone()), GFP_KERNEL)?;
            probe.enable()?;
            let ret = KBox::pin_init(Kretprobe::new(target, self.returns.clone()), GFP_KERNEL)?;
            probe.disable()?;
            probe.enable()?;
            if round % 16 < 2 {
                // Time for a few calls.
                fsleep(Delta::from_millis(2));
            }
            drop(ret);
            drop(probe);
            if round % 16 < 2 {
                must_stay(&self.hits, "kprobe")?;
                must_stay(&self.returns, "kretprobe")?;
            }
        }
        Ok(())
    }
}

struct Churn {
    _rounds: report::File<State>,
    _calls: report::File<State>,
}

impl kernel::Module for Churn {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let count = || Count(Atomic::new(0));
        let own = Target::symbol(c"rprobes_churn_target");
        let watch = KBox::pin_init(Kprobe::new(own, count()), GFP_KERNEL)?;
        let clone = KBox::pin_init(
            Kprobe::new(Target::symbol(c"kernel_clone"), count()),
            GFP_KERNEL,
        )?;
        let state = Arc::new(
            State {
                targets: [watch.address().0, clone.address().0],
                watch,
                hits: Arc::new(count(), GFP_KERNEL)?,
                returns: Arc::new(count(), GFP_KERNEL)?,
            },
            GFP_KERNEL,
        )?;
        Ok(Self {
            _rounds: report::File::writable(c"rounds", state.clone(), State::show, State::churn)?,
            _calls: report::File::new(c"calls", state, State::call)?,
        })
    }
}
