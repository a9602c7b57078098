// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Handlers before and after an instruction, called by ftrace and through a breakpoint. Prints what they saw.

use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use rprobes::{
    kprobe::{self, Kprobe, PostContext, PreContext},
    Target,
};

rprobes::module! {
    type: Posts,
    name: "post",
    authors: ["The rprobes authors"],
    description: "Probes before and after an instruction",
    license: "GPL",
}

extern "C" {
    fn rprobes_post_traced(n: usize) -> usize;
    fn rprobes_post_untraced(n: usize) -> usize;
}

/// What handlers saw: two bits for each call, 1 for `pre` and 2 for `post`.
struct Seen {
    calls: Atomic<u32>,
    /// How far the instruction pointer was from the probe in `post`.
    behind: Atomic<usize>,
    /// Whether the registers were others in `post`.
    changed: Atomic<u32>,
    argument: Atomic<usize>,
}

struct Both(Arc<Seen>);

impl Both {
    fn called(&self, what: u32) {
        self.0
            .calls
            .store(self.0.calls.load(Relaxed) << 2 | what, Relaxed);
    }
}

#[vtable]
impl kprobe::Handler for Both {
    fn pre(&self, cx: &PreContext<'_>) {
        self.called(1);
        self.0.argument.store(cx.regs().arg(0), Relaxed);
    }

    fn post(&self, cx: &PostContext<'_>) {
        self.called(2);
        self.0
            .behind
            .store(cx.regs().ip() - cx.address().0, Relaxed);
        if cx.regs().arg(0) != self.0.argument.load(Relaxed) {
            self.0.changed.fetch_add(1, Relaxed);
        }
    }
}

fn probe(name: &'static CStr, call: unsafe extern "C" fn(usize) -> usize) -> Result {
    let seen = Seen {
        calls: Atomic::new(0),
        behind: Atomic::new(0),
        changed: Atomic::new(0),
        argument: Atomic::new(0),
    };
    let seen = Arc::new(seen, GFP_KERNEL)?;
    let new = || {
        KBox::pin_init(
            Kprobe::new(Target::symbol(name), Both(seen.clone())),
            GFP_KERNEL,
        )
    };
    let one = new()?;
    // SAFETY: It only adds.
    let result = unsafe { core::hint::black_box(call)(5) };
    let single = seen.calls.load(Relaxed);
    let two = new()?;
    // SAFETY: It only adds.
    unsafe { core::hint::black_box(call)(5) };
    pr_info!(
        "{}: on ftrace {}, calls {:b}, then {:b}, post behind by {}, changed {}, result {}\n",
        name,
        one.stats().is_some_and(|stats| stats.on_ftrace),
        single,
        seen.calls.load(Relaxed),
        seen.behind.load(Relaxed),
        seen.changed.load(Relaxed),
        result
    );
    drop((one, two));
    Ok(())
}

struct Posts;

impl kernel::Module for Posts {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        probe(c"rprobes_post_traced", rprobes_post_traced)?;
        probe(c"rprobes_post_untraced", rprobes_post_untraced)?;
        Ok(Self)
    }
}
