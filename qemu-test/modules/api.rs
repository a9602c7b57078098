// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The API, from a module that calls the functions that it probes. Prints what its handlers saw.

use core::{arch::global_asm, hint::black_box};

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kprobe::{self, Kprobe, PostContext, PreContext},
    ratelimited, Symbol, Target,
};

rprobes::module! {
    type: Api,
    name: "api",
    authors: ["The rprobes authors"],
    description: "Probes its own functions",
    license: "GPL",
}

/// What is probed: a function with the C calling convention and six arguments.
#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_api_target(
    a: usize,
    b: usize,
    c: usize,
    d: usize,
    e: usize,
    f: usize,
) -> usize {
    black_box(a) + b + c + d + e + f
}

// A second name of it.
global_asm!(
    ".globl rprobes_api_alias",
    ".type rprobes_api_alias, @function",
    ".set rprobes_api_alias, rprobes_api_target"
);

fn call() -> usize {
    let function: extern "C" fn(usize, usize, usize, usize, usize, usize) -> usize =
        black_box(rprobes_api_target);
    function(1, 20, 300, 4000, 50000, 600000)
}

/// Counts, and sums up what it sees.
struct Both {
    pre: Atomic<usize>,
    post: Atomic<usize>,
    arguments: Atomic<usize>,
    sp: Atomic<usize>,
}

impl Both {
    fn new() -> Self {
        Self {
            pre: Atomic::new(0),
            post: Atomic::new(0),
            arguments: Atomic::new(0),
            sp: Atomic::new(0),
        }
    }
}

#[vtable]
impl kprobe::Handler for Both {
    fn pre(&self, cx: &PreContext<'_>) {
        let regs = cx.regs();
        self.pre.fetch_add(1, Relaxed);
        self.arguments.store(
            regs.arg(0) + regs.arg(1) + regs.arg(2) + regs.arg(3) + regs.arg(4) + regs.arg(5),
            Relaxed,
        );
        self.sp.store(regs.sp(), Relaxed);
    }

    fn post(&self, _cx: &PostContext<'_>) {
        self.post.fetch_add(1, Relaxed);
    }
}

struct PreOnly(Atomic<usize>);

#[vtable]
impl kprobe::Handler for PreOnly {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.fetch_add(1, Relaxed);
    }
}

struct Nothing;

#[vtable]
impl kprobe::Handler for Nothing {}

struct Chatty;

#[vtable]
impl kprobe::Handler for Chatty {
    fn pre(&self, cx: &PreContext<'_>) {
        ratelimited! {
            pr_info!("chatty at {}\n", cx.target());
        }
    }
}

struct Api;

impl kernel::Module for Api {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let target = Target::symbol(c"rprobes_api_target");
        let both = KBox::pin_init(Kprobe::new(target, Both::new()), GFP_KERNEL)?;
        let sum = call();
        let here = 0u8;
        let sp = both.handler().sp.load(Relaxed);
        pr_info!(
            "both: pre {}, post {}, arguments {}, result {}, stack {}\n",
            both.handler().pre.load(Relaxed),
            both.handler().post.load(Relaxed),
            both.handler().arguments.load(Relaxed),
            sum,
            if sp.abs_diff(&raw const here as usize) < 8192 {
                "near"
            } else {
                "far"
            }
        );

        // A second probe on the same instruction, and one without a handler.
        let second = KBox::pin_init(Kprobe::new(target, PreOnly(Atomic::new(0))), GFP_KERNEL)?;
        let nothing = KBox::pin_init(
            Kprobe::new(Target::symbol(c"api:rprobes_api_target"), Nothing),
            GFP_KERNEL,
        )?;
        call();
        let same = [second.address(), nothing.address()]
            .iter()
            .all(|address| *address == both.address());
        pr_info!(
            "two: first {}, second {}, same address {}\n",
            both.handler().pre.load(Relaxed),
            second.handler().0.load(Relaxed),
            same
        );

        let alias = Target::symbol(c"rprobes_api_alias");
        let alias = KBox::pin_init(Kprobe::new(alias, PreOnly(Atomic::new(0))), GFP_KERNEL)?;
        let same = alias.address() == both.address();
        call();
        pr_info!(
            "alias: {} at {}, same address {}\n",
            alias.handler().0.load(Relaxed),
            &*alias,
            same
        );
        pr_info!("{:?}\n", &*alias);
        drop(alias);

        // Dropped probes see nothing any more.
        drop(both);
        call();
        pr_info!("second: {}\n", second.handler().0.load(Relaxed));
        drop((second, nothing));
        call();

        // A handler that prints, but not too much.
        let chatty = KBox::pin_init(Kprobe::new(target, Chatty), GFP_KERNEL)?;
        for _ in 0..100 {
            call();
        }
        drop(chatty);

        // By address, and registered once more after it was unregistered.
        let address = rprobes_api_target as *const () as usize;
        for round in 0..2 {
            let mut probe = KBox::pin_init(
                Kprobe::new(Target::address(address), PreOnly(Atomic::new(0))),
                GFP_KERNEL,
            )?;
            call();
            probe.as_mut().unregister();
            call();
            pr_info!(
                "round {}: {} at {}\n",
                round,
                probe.handler().0.load(Relaxed),
                probe.address()
            );
        }
        pr_info!("symbol: {}, no symbol: {}\n", Symbol(address), Symbol(16));
        Ok(Self)
    }
}
