// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Return probes, from a module that calls the functions that it probes. Prints what its handlers saw.

use core::hint::black_box;

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Kretprobe, Options, RetContext},
    Target,
};

rprobes::module! {
    type: Kretprobes,
    name: "kretprobes",
    authors: ["The rprobes authors"],
    description: "Return probes on its own functions",
    license: "GPL",
}

/// Calls itself: n, n - 1, ... 0.
#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_kretprobes_sum(n: usize) -> usize {
    if black_box(n) == 0 {
        return 0;
    }
    let function: extern "C" fn(usize) -> usize = black_box(rprobes_kretprobes_sum);
    n + function(n - 1)
}

fn sum(n: usize) -> usize {
    let function: extern "C" fn(usize) -> usize = black_box(rprobes_kretprobes_sum);
    function(n)
}

/// Per-call data that shows whether each return gets that of its own call.
#[derive(Clone, Copy)]
struct Call {
    n: usize,
    padding: [u8; 40],
}

struct Follow {
    entries: Atomic<usize>,
    returns: Atomic<usize>,
    /// Returns whose value is not that of the argument of the same call.
    wrong: Atomic<usize>,
    /// Returns to an address that is not in this module.
    elsewhere: Atomic<usize>,
    /// Arguments above this are skipped.
    most: usize,
}

impl Follow {
    fn new(most: usize) -> Self {
        Self {
            entries: Atomic::new(0),
            returns: Atomic::new(0),
            wrong: Atomic::new(0),
            elsewhere: Atomic::new(0),
            most,
        }
    }
}

#[vtable]
impl kretprobe::Handler for Follow {
    type Data = Call;

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<Call> {
        let n = cx.regs().arg(0);
        self.entries.fetch_add(1, Relaxed);
        if n > self.most {
            return Entry::Skip;
        }
        Entry::Trace(Call {
            n,
            padding: [n as u8; 40],
        })
    }

    fn ret(&self, cx: &RetContext<'_>, call: &Call) {
        self.returns.fetch_add(1, Relaxed);
        if cx.return_value() != call.n * (call.n + 1) / 2 || call.padding != [call.n as u8; 40] {
            self.wrong.fetch_add(1, Relaxed);
        }
        let distance = cx
            .return_address()
            .0
            .abs_diff(rprobes_kretprobes_sum as *const () as usize);
        if distance > 1 << 20 {
            self.elsewhere.fetch_add(1, Relaxed);
        }
    }
}

/// Without an entry handler.
struct Plain(Atomic<usize>);

#[vtable]
impl kretprobe::Handler for Plain {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        self.0.store(cx.return_value(), Relaxed);
    }
}

/// Has data, but nothing that makes it.
struct Forgetful;

#[vtable]
impl kretprobe::Handler for Forgetful {
    type Data = usize;

    fn ret(&self, _cx: &RetContext<'_>, _data: &usize) {}
}

fn report(name: &str, probe: &Kretprobe<Follow>) {
    let follow = probe.handler();
    pr_info!(
        "{}: entries {}, returns {}, wrong {}, elsewhere {}, exhausted {}\n",
        name,
        follow.entries.load(Relaxed),
        follow.returns.load(Relaxed),
        follow.wrong.load(Relaxed),
        follow.elsewhere.load(Relaxed),
        probe.stats().map_or(0, |stats| stats.exhausted)
    );
}

struct Kretprobes;

impl kernel::Module for Kretprobes {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let target = Target::symbol(c"rprobes_kretprobes_sum");
        let probe = KBox::pin_init(Kretprobe::new(target, Follow::new(usize::MAX)), GFP_KERNEL)?;
        sum(5);
        report("recursion", &probe);
        probe.disable()?;
        sum(5);
        probe.enable()?;
        sum(0);
        report("disabled", &probe);
        drop(probe);

        let probe = KBox::pin_init(Kretprobe::new(target, Follow::new(2)), GFP_KERNEL)?;
        sum(5);
        report("skip", &probe);
        drop(probe);

        let options = Options {
            maxactive: 3,
            disabled: true,
        };
        let probe = KBox::pin_init(
            Kretprobe::with(target, options, Follow::new(usize::MAX)),
            GFP_KERNEL,
        )?;
        sum(9);
        report("still disabled", &probe);
        probe.enable()?;
        sum(9);
        report("maxactive", &probe);
        drop(probe);

        let probe = KBox::pin_init(Kretprobe::new(target, Plain(Atomic::new(0))), GFP_KERNEL)?;
        sum(4);
        pr_info!("plain: {}\n", probe.handler().0.load(Relaxed));
        drop(probe);

        match KBox::pin_init(Kretprobe::new(target, Forgetful), GFP_KERNEL) {
            Ok(_) => pr_info!("forgetful: registered\n"),
            Err(error) => pr_info!("forgetful: {}\n", error.to_errno()),
        }
        match KBox::pin_init(
            Kretprobe::new(target.offset(9), Plain(Atomic::new(0))),
            GFP_KERNEL,
        ) {
            Ok(_) => pr_info!("offset: registered\n"),
            Err(error) => pr_info!("offset: {}\n", error.to_errno()),
        }
        Ok(Self)
    }
}
