// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Makes a function go on as another one, through ftrace and through a breakpoint; and reads arguments on the stack.
//! With `symbol=` it plants there a handler that might redirect, but never does, and stays.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
    time::{delay::fsleep, Delta},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    Stats, Target,
};

rprobes::module! {
    type: Redirects,
    name: "redirect",
    authors: ["The rprobes authors"],
    description: "Makes a function go on as another one",
    license: "GPL",
    params: {
        symbol: string { default: "", description: "Where to plant a handler that might redirect" },
    },
}

extern "C" {
    fn rprobes_redirect_traced(n: usize) -> usize;
    fn rprobes_redirect_untraced(n: usize) -> usize;
    fn rprobes_redirect_other(n: usize) -> usize;
    fn rprobes_redirect_many(
        a: isize,
        b: isize,
        c: isize,
        d: isize,
        e: isize,
        f: isize,
        g: isize,
        h: isize,
        i: isize,
        j: isize,
    ) -> usize;
}

struct ToOther;

#[vtable]
impl kprobe::Handler for ToOther {
    const REDIRECTS: bool = true;

    fn pre(&self, cx: &PreContext<'_>) {
        // SAFETY: The probe is at the entry of a function of the same type.
        unsafe {
            cx.regs()
                .set_ip(rprobes_redirect_other as *const () as usize)
        };
    }
}

struct Early;

#[vtable]
impl kprobe::Handler for Early {
    const REDIRECTS: bool = true;

    fn pre(&self, cx: &PreContext<'_>) {
        // SAFETY: The probe is at the entry of a function whose caller takes any number.
        unsafe { cx.regs().return_early(77) };
    }
}

struct Might;

#[vtable]
impl kprobe::Handler for Might {
    const REDIRECTS: bool = true;

    fn pre(&self, _cx: &PreContext<'_>) {}
}

struct OnStack([Atomic<usize>; 2]);

#[vtable]
impl kprobe::Handler for OnStack {
    fn pre(&self, cx: &PreContext<'_>) {
        for (n, seen) in self.0.iter().enumerate() {
            seen.store(cx.regs().stack_arg(n).unwrap_or(0), Relaxed);
        }
    }
}

/// Only counts, so that the kernel may optimise it.
struct Count(Atomic<usize>);

#[vtable]
impl kprobe::Handler for Count {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.fetch_add(1, Relaxed);
    }
}

struct Redirects {
    _might: Option<Pin<KBox<Kprobe<Might>>>>,
}

impl kernel::Module for Redirects {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let symbol = params::symbol.get()?;
        if !symbol.is_empty() {
            let probe = KBox::pin_init(Kprobe::new(Target::parse(&symbol)?, Might), GFP_KERNEL)?;
            return Ok(Self {
                _might: Some(probe),
            });
        }
        type Function = unsafe extern "C" fn(usize) -> usize;
        let functions: [(&CStr, Function); 2] = [
            (c"rprobes_redirect_traced", rprobes_redirect_traced),
            (c"rprobes_redirect_untraced", rprobes_redirect_untraced),
        ];
        for (name, function) in functions {
            // SAFETY: It only adds.
            let call = || unsafe { core::hint::black_box(function)(5) };
            let before = call();
            let probe = KBox::pin_init(Kprobe::new(Target::symbol(name), ToOther), GFP_KERNEL)?;
            let with = call();
            drop(probe);
            let probe = KBox::pin_init(Kprobe::new(Target::symbol(name), Early), GFP_KERNEL)?;
            // If the stack were not as it was, it would not come back here.
            let early = call() + call();
            drop(probe);
            pr_info!("{}: {} {} {} {}\n", name, before, with, early, call());
        }

        // A breakpoint that the kernel has replaced by a jump cannot redirect, so it must leave this one alone; by the
        // time that it has replaced one that came later, at a place of the same kind, it would have replaced this.
        let target = Target::symbol(c"rprobes_redirect_untraced");
        let probe = KBox::pin_init(Kprobe::new(target, ToOther), GFP_KERNEL)?;
        let target = Target::symbol(c"rprobes_redirect_untraced_too");
        let later = KBox::pin_init(Kprobe::new(target, Count(Atomic::new(0))), GFP_KERNEL)?;
        let optimised = |stats: Option<Stats>| stats.is_some_and(|stats| stats.optimised);
        let mut turns = 0;
        while cfg!(CONFIG_OPTPROBES) && !optimised(later.stats()) && turns < 1000 {
            fsleep(Delta::from_millis(10));
            turns += 1;
        }
        pr_info!(
            "redirecting: {}, optimised {}; counting: optimised {}\n",
            // SAFETY: It only adds.
            unsafe { rprobes_redirect_untraced(5) },
            optimised(probe.stats()),
            optimised(later.stats())
        );
        drop((probe, later));

        let seen = OnStack([Atomic::new(0), Atomic::new(0)]);
        let target = Target::symbol(c"rprobes_redirect_many");
        let probe = KBox::pin_init(Kprobe::new(target, seen), GFP_KERNEL)?;
        // SAFETY: It only adds.
        let sum = unsafe { rprobes_redirect_many(1, 2, 3, 4, 5, 6, 70, 800, 70, 800) };
        let [first, second] = &probe.handler().0;
        pr_info!(
            "on the stack: {} {}, sum {}\n",
            first.load(Relaxed),
            second.load(Relaxed),
            sum
        );
        Ok(Self { _might: None })
    }
}
