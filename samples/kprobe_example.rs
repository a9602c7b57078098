// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints a line before and after the instruction at `symbol` is executed: by default, whenever a process is
//! created. The same as the kernel's `samples/kprobes/kprobe_example.c`.

use kernel::prelude::*;
use rprobes::{
    kprobe::{self, Kprobe, PostContext, PreContext},
    FaultContext, PtRegs, Target,
};

rprobes::module! {
    type: KprobeExample,
    name: "kprobe_example",
    authors: ["The rprobes authors"],
    description: "Prints when a kernel function is reached",
    license: "GPL",
    params: {
        symbol: string { default: "kernel_clone", description: "Where to probe: a function, or function+0x1f" },
    },
}

struct Printer;

#[vtable]
impl kprobe::Handler for Printer {
    fn pre(&self, cx: &PreContext<'_>) {
        let (regs, ip, flags) = (cx.regs(), PtRegs::IP_NAME, PtRegs::FLAGS_NAME);
        pr_info!(
            "<{}> pre_handler: p->addr = {}, {ip} = {:x}, {flags} = {:#x}\n",
            cx.target(),
            cx.address(),
            regs.ip(),
            regs.flags()
        );
    }

    fn post(&self, cx: &PostContext<'_>) {
        let flags = PtRegs::FLAGS_NAME;
        pr_info!(
            "<{}> post_handler: p->addr = {}, {flags} = {:#x}\n",
            cx.target(),
            cx.address(),
            cx.regs().flags()
        );
    }

    fn fault(&self, cx: &FaultContext<'_>) {
        pr_info!(
            "<{}> fault_handler: p->addr = {}, trap #{}\n",
            cx.target(),
            cx.address(),
            cx.trap().unwrap_or(0)
        );
    }
}

#[pin_data(PinnedDrop)]
struct KprobeExample {
    #[pin]
    probe: Kprobe<Printer>,
}

impl kernel::InPlaceModule for KprobeExample {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let symbol = params::symbol.get()?;
            Ok(try_pin_init!(Self {
                probe <- Kprobe::new(Target::parse(&symbol)?, Printer),
                _: { pr_info!("Planted kprobe at {}\n", probe.address()) },
            }))
        })
    }
}

#[pinned_drop]
impl PinnedDrop for KprobeExample {
    fn drop(self: Pin<&mut Self>) {
        let mut probe = self.project().probe;
        probe.as_mut().unregister();
        pr_info!("kprobe at {} unregistered\n", probe.address());
    }
}
