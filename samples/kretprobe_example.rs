// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints what a kernel function returns and how long it took: by default, for each process that is created. The
//! same as the kernel's `samples/kprobes/kretprobe_example.c`.

use kernel::{
    prelude::*,
    time::{Instant, Monotonic},
};
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Kretprobe, Options, RetContext},
    Target,
};

rprobes::module! {
    type: KretprobeExample,
    name: "kretprobe_example",
    authors: ["The rprobes authors"],
    description: "Prints what a kernel function returns and how long it took",
    license: "GPL",
    params: {
        func: string { default: "kernel_clone", description: "The function to probe" },
        maxactive: u16 { default: 20, description: "How many calls to follow at a time" },
    },
}

struct Printer;

#[vtable]
impl kretprobe::Handler for Printer {
    type Data = Instant<Monotonic>;

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<Self::Data> {
        if current!().mm().is_none() {
            return Entry::Skip; // A kernel thread.
        }
        Entry::Trace(Instant::now())
    }

    fn ret(&self, cx: &RetContext<'_>, begun: &Self::Data) {
        let time = begun.elapsed().as_nanos();
        pr_info!(
            "{} returned {} and took {} ns to execute\n",
            cx.target(),
            cx.return_value(),
            time
        );
    }
}

#[pin_data(PinnedDrop)]
struct KretprobeExample {
    #[pin]
    probe: Kretprobe<Printer>,
}

impl kernel::InPlaceModule for KretprobeExample {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let func = params::func.get()?;
            let options = Options::maxactive(params::maxactive.value());
            Ok(try_pin_init!(Self {
                probe <- Kretprobe::with(Target::parse(&func)?, options, Printer),
                _: { pr_info!("Planted return probe at {}\n", *probe) },
            }))
        })
    }
}

#[pinned_drop]
impl PinnedDrop for KretprobeExample {
    fn drop(self: Pin<&mut Self>) {
        let mut probe = self.project().probe;
        let missed = probe.stats().map_or(0, |stats| stats.exhausted);
        probe.as_mut().unregister();
        pr_info!("kretprobe at {} unregistered\n", probe.address());
        pr_info!(
            "Missed probing {} instances of {}\n",
            missed,
            probe.address()
        );
    }
}
