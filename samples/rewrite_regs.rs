// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Changes what a function gets and what it returns, and makes another return without running. The functions are
//! this module's own, so nobody else is disturbed. Writing registers is `unsafe`: this is the one sample that has it.

use core::hint::black_box;

use kernel::prelude::*;
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    kretprobe::{self, Kretprobe, RetContext},
    Target,
};

rprobes::module! {
    type: RewriteRegs,
    name: "rewrite_regs",
    authors: ["The rprobes authors"],
    description: "Changes arguments and return values through probes",
    license: "GPL",
}

#[inline(never)]
#[no_mangle]
extern "C" fn rewrite_regs_double(value: usize) -> usize {
    2 * black_box(value)
}

#[inline(never)]
#[no_mangle]
extern "C" fn rewrite_regs_triple(value: usize) -> usize {
    3 * black_box(value)
}

/// Doubles 100 and triples 100.
fn call() -> (usize, usize) {
    let functions: [extern "C" fn(usize) -> usize; 2] =
        black_box([rewrite_regs_double, rewrite_regs_triple]);
    (functions[0](100), functions[1](100))
}

struct OtherArgument;

#[vtable]
impl kprobe::Handler for OtherArgument {
    fn pre(&self, cx: &PreContext<'_>) {
        // SAFETY: This probe is at the entry of `rewrite_regs_double`, which takes any number.
        unsafe { cx.regs().set_arg(0, cx.regs().arg(0) + 5) }
    }
}

struct OtherResult;

#[vtable]
impl kretprobe::Handler for OtherResult {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        // SAFETY: The caller of `rewrite_regs_double` takes any number.
        unsafe { cx.regs().set_return_value(cx.return_value() + 1000) }
    }
}

struct NoCall;

#[vtable]
impl kprobe::Handler for NoCall {
    const REDIRECTS: bool = true;

    fn pre(&self, cx: &PreContext<'_>) {
        // SAFETY: This probe is at the entry of `rewrite_regs_triple`, whose caller takes any number.
        unsafe { cx.regs().return_early(7) }
    }
}

struct RewriteRegs;

impl kernel::Module for RewriteRegs {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let double = Target::symbol(c"rewrite_regs_double");
        pr_info!(
            "as written: 2 * 100 = {}, 3 * 100 = {}\n",
            call().0,
            call().1
        );
        let argument = KBox::pin_init(Kprobe::new(double, OtherArgument), GFP_KERNEL)?;
        pr_info!("another argument: 2 * 100 = {}\n", call().0);
        let result = KBox::pin_init(Kretprobe::new(double, OtherResult), GFP_KERNEL)?;
        pr_info!("another argument and result: 2 * 100 = {}\n", call().0);
        let triple = Target::symbol(c"rewrite_regs_triple");
        let no_call = KBox::pin_init(Kprobe::new(triple, NoCall), GFP_KERNEL)?;
        pr_info!("not called: 3 * 100 = {}\n", call().1);
        drop((argument, result, no_call));
        pr_info!(
            "as written: 2 * 100 = {}, 3 * 100 = {}\n",
            call().0,
            call().1
        );
        Ok(Self)
    }
}
