// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How long a kernel function takes, as a histogram in debugfs: `cat /sys/kernel/debug/histogram/latency_ns`, or
//! `latency_ns.json`. The function is probed by the cheapest mechanism that does, or by one that is asked for: `mechanism=fprobe`.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{Instant, Monotonic},
};
use rprobes::{
    fprobe::{self, Entry, EntryContext, Mechanism, Options, RetContext},
    report::{self, Report},
    Fprobe, Histogram, Target,
};

rprobes::module! {
    type: LatencyHistogram,
    name: "histogram",
    authors: ["The rprobes authors"],
    description: "Shows how long a kernel function takes",
    license: "GPL",
    params: {
        func: string { default: "vfs_read", description: "The function to measure" },
        mechanism: string { default: "", description: "fprobe or kprobe" },
    },
}

struct Latency(Histogram);

#[vtable]
impl fprobe::Handler for Latency {
    type Data = Instant<Monotonic>;

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<Self::Data> {
        Entry::Trace(Instant::now())
    }

    fn ret(&self, _cx: &RetContext<'_>, begun: &Self::Data) {
        self.0.record(begun.elapsed().as_nanos() as u64);
    }
}

#[pin_data]
struct LatencyHistogram {
    #[pin]
    probe: Fprobe<Arc<Latency>>,
    file: report::File<Latency>,
}

impl kernel::InPlaceModule for LatencyHistogram {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let func = params::func.get()?;
            let options = Options {
                mechanism: match &*params::mechanism.get()? {
                    b"" => None,
                    name => Some(Mechanism::parse(name)?),
                },
                ..Options::default()
            };
            let latency = Arc::new(Latency(Histogram::new()?), GFP_KERNEL)?;
            let shown = latency.clone();
            Ok(try_pin_init!(Self {
                probe <- Fprobe::with(Target::parse(&func)?, options, latency),
                file: report::File::new(c"latency_ns", shown, show)?,
            }))
        })
    }
}

fn show(latency: &Latency, report: &mut Report<'_>) -> Result {
    report.histogram("latency_ns", &latency.0)
}
