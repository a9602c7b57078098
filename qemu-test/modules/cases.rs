// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The seven cases of the kernel's own `lib/tests/test_kprobes.c`, by the same names, on this API.

use core::hint::black_box;

use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use rprobes::{
    kprobe::{self, Kprobe, PostContext, PreContext},
    kretprobe::{self, Entry, EntryContext, Kretprobe, Options, RetContext},
    ProbeSet, Target,
};

rprobes::module! {
    type: Cases,
    name: "cases",
    authors: ["The rprobes authors"],
    description: "The cases of the kernel's own test of kprobes",
    license: "GPL",
}

const FACTOR: usize = 3;
const VALUE: usize = 1_000_003;

#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_cases_target(value: usize) -> usize {
    black_box(value) / FACTOR
}

#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_cases_target2(value: usize) -> usize {
    black_box(value) / FACTOR + 1
}

#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_cases_recursed(value: usize) -> usize {
    black_box(value) / FACTOR
}

extern "C" {
    fn rprobes_cases_driver() -> usize;
}

const TARGET: Target<'static> = Target::symbol(c"rprobes_cases_target");
const TARGET2: Target<'static> = Target::symbol(c"rprobes_cases_target2");
const RECURSED: Target<'static> = Target::symbol(c"rprobes_cases_recursed");
const INNER: Target<'static> = Target::symbol(c"rprobes_cases_inner");
const OUTER: Target<'static> = Target::symbol(c"rprobes_cases_outer");

fn call(function: extern "C" fn(usize) -> usize) -> usize {
    black_box(function)(VALUE)
}

/// What handlers leave behind, and whether anything was not as it should be.
struct Seen {
    pre: Atomic<usize>,
    post: Atomic<usize>,
    wrong: Atomic<usize>,
}

impl Seen {
    fn new() -> Result<Arc<Self>> {
        let seen = Self {
            pre: Atomic::new(0),
            post: Atomic::new(0),
            wrong: Atomic::new(0),
        };
        Ok(Arc::new(seen, GFP_KERNEL)?)
    }

    fn check(&self, good: bool) {
        if !good {
            self.wrong.fetch_add(1, Relaxed);
        }
    }
}

/// Calls another function, which may be probed itself, in both handlers.
struct Recursing(Arc<Seen>);

#[vtable]
impl kprobe::Handler for Recursing {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.check(cx.regs().arg(0) == VALUE);
        self.0.pre.store(call(rprobes_cases_recursed), Relaxed);
    }

    fn post(&self, _cx: &PostContext<'_>) {
        self.0
            .check(call(rprobes_cases_recursed) == self.0.pre.load(Relaxed));
        self.0
            .post
            .store(self.0.pre.load(Relaxed) + FACTOR, Relaxed);
    }
}

struct Returning(Arc<Seen>, usize);

#[vtable]
impl kretprobe::Handler for Returning {
    type Data = usize;

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<usize> {
        self.0.pre.store(VALUE / FACTOR, Relaxed);
        Entry::Trace(cx.regs().arg(0))
    }

    fn ret(&self, cx: &RetContext<'_>, argument: &usize) {
        self.0
            .check(cx.return_value() == *argument / FACTOR + self.1 && *argument == VALUE);
        self.0.post.store(VALUE, Relaxed);
    }
}

/// Looks for return addresses in the stack trace, which has no trace of the probe.
struct Stack {
    seen: Arc<Seen>,
    is_inner: bool,
}

#[vtable]
impl kretprobe::Handler for Stack {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        let mut addresses = [0; 16];
        let stack = cx.stack(&mut addresses);
        if self.is_inner {
            self.seen.pre.store(cx.return_address().0, Relaxed);
            let at = stack
                .iter()
                .position(|address| *address == cx.return_value());
            // Behind where the inner one returns to is where the outer one does.
            let next = at.and_then(|at| stack.get(at + 1)).copied().unwrap_or(0);
            self.seen.post.store(next, Relaxed);
            self.seen.check(at.is_some());
        } else {
            self.seen.pre.store(cx.return_value(), Relaxed);
            self.seen.check(stack.contains(&cx.return_value()));
            self.seen.check(cx.return_address().0 == cx.return_value());
        }
    }
}

fn test_kprobe() -> Result<bool> {
    let seen = Seen::new()?;
    let probe = KBox::pin_init(Kprobe::new(TARGET, Recursing(seen.clone())), GFP_KERNEL)?;
    call(rprobes_cases_target);
    drop(probe);
    Ok(seen.pre.load(Relaxed) == VALUE / FACTOR
        && seen.post.load(Relaxed) != 0
        && seen.wrong.load(Relaxed) == 0)
}

fn test_kprobes() -> Result<bool> {
    let (one, two) = (Seen::new()?, Seen::new()?);
    let mut set = ProbeSet::builder();
    set.kprobe(TARGET, Recursing(one.clone()))?;
    set.kprobe(TARGET2, Recursing(two.clone()))?;
    let set = set.register()?;
    call(rprobes_cases_target);
    let first = one.post.load(Relaxed) != 0 && two.post.load(Relaxed) == 0;
    call(rprobes_cases_target2);
    drop(set);
    Ok(first
        && two.post.load(Relaxed) != 0
        && one.wrong.load(Relaxed) + two.wrong.load(Relaxed) == 0)
}

fn test_kprobe_missed() -> Result<bool> {
    let seen = Seen::new()?;
    let probe = KBox::pin_init(Kprobe::new(RECURSED, Recursing(seen.clone())), GFP_KERNEL)?;
    call(rprobes_cases_recursed);
    let missed = probe.stats().map_or(0, |stats| stats.missed);
    Ok(missed == 2 && seen.pre.load(Relaxed) != 0 && seen.post.load(Relaxed) != 0)
}

fn test_kretprobe() -> Result<bool> {
    let seen = Seen::new()?;
    let probe = KBox::pin_init(
        Kretprobe::new(TARGET, Returning(seen.clone(), 0)),
        GFP_KERNEL,
    )?;
    call(rprobes_cases_target);
    drop(probe);
    Ok(seen.post.load(Relaxed) == VALUE && seen.wrong.load(Relaxed) == 0)
}

fn test_kretprobes() -> Result<bool> {
    let (one, two) = (Seen::new()?, Seen::new()?);
    let mut set = ProbeSet::builder();
    set.kretprobe(TARGET, Options::default(), Returning(one.clone(), 0))?;
    set.kretprobe(TARGET2, Options::default(), Returning(two.clone(), 1))?;
    let set = set.register()?;
    call(rprobes_cases_target);
    let first = one.post.load(Relaxed) == VALUE && two.post.load(Relaxed) == 0;
    call(rprobes_cases_target2);
    drop(set);
    Ok(first
        && two.post.load(Relaxed) == VALUE
        && one.wrong.load(Relaxed) + two.wrong.load(Relaxed) == 0)
}

fn test_stacktrace_on_kretprobe() -> Result<bool> {
    let seen = Seen::new()?;
    let stack = Stack {
        seen: seen.clone(),
        is_inner: false,
    };
    let probe = KBox::pin_init(Kretprobe::new(OUTER, stack), GFP_KERNEL)?;
    // SAFETY: The function only calls others.
    unsafe { rprobes_cases_driver() };
    drop(probe);
    Ok(seen.pre.load(Relaxed) != 0 && seen.wrong.load(Relaxed) == 0)
}

fn test_stacktrace_on_nested_kretprobe() -> Result<bool> {
    let (outer, inner) = (Seen::new()?, Seen::new()?);
    let mut set = ProbeSet::builder();
    set.kretprobe(
        OUTER,
        Options::default(),
        Stack {
            seen: outer.clone(),
            is_inner: false,
        },
    )?;
    set.kretprobe(
        INNER,
        Options::default(),
        Stack {
            seen: inner.clone(),
            is_inner: true,
        },
    )?;
    let set = set.register()?;
    // SAFETY: The function only calls others.
    unsafe { rprobes_cases_driver() };
    drop(set);
    let returns_to = outer.pre.load(Relaxed);
    Ok(returns_to != 0
        && inner.post.load(Relaxed) == returns_to
        && outer.wrong.load(Relaxed) + inner.wrong.load(Relaxed) == 0)
}

struct Cases;

impl kernel::Module for Cases {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // For the functions to see where they return to, while nothing is probed.
        // SAFETY: The function only calls others.
        unsafe { rprobes_cases_driver() };
        type Case = fn() -> Result<bool>;
        let cases: [(&str, Case); 7] = [
            ("kprobe", test_kprobe),
            ("kprobes", test_kprobes),
            ("kprobe_missed", test_kprobe_missed),
            ("kretprobe", test_kretprobe),
            ("kretprobes", test_kretprobes),
            ("stacktrace_on_kretprobe", test_stacktrace_on_kretprobe),
            (
                "stacktrace_on_nested_kretprobe",
                test_stacktrace_on_nested_kretprobe,
            ),
        ];
        for (name, case) in cases {
            pr_info!("{} {}\n", if case()? { "ok" } else { "not ok" }, name);
        }
        Ok(Self)
    }
}
