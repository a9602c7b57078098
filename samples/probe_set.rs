// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Counts the calls of several functions: all of them are probed, or, if one cannot be, none. With `optional=1`, those
//! that do not exist are left out.

use kernel::{
    prelude::*,
    str::BStr,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use rprobes::{
    kprobe::{self, PreContext},
    ProbeSet, Target,
};

rprobes::module! {
    type: Counters,
    name: "probe_set",
    authors: ["The rprobes authors"],
    description: "Counts the calls of several kernel functions",
    license: "GPL",
    params: {
        optional: bool { default: false, description: "Leave out functions that do not exist" },
        symbols: string { default: "vfs_read,vfs_write,kernel_clone", description: "Functions, with commas between" },
    },
}

struct Counter(Atomic<u64>);

#[vtable]
impl kprobe::Handler for Counter {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.fetch_add(1, Relaxed);
    }
}

struct Counters {
    probes: ProbeSet,
    counters: KVec<Arc<Counter>>,
}

impl kernel::Module for Counters {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let symbols = params::symbols.get()?;
        let mut probes = ProbeSet::builder();
        let mut counters = KVec::new();
        for symbol in symbols.split(|&c| c == b',') {
            let counter = Arc::new(Counter(Atomic::new(0)), GFP_KERNEL)?;
            let member = probes.kprobe(Target::parse(symbol)?, counter.clone())?;
            if params::optional.value() {
                member.optional();
            }
            counters.push(counter, GFP_KERNEL)?;
        }
        let probes = probes.register()?;
        pr_info!("{} probes planted\n", probes.len());
        for (member, symbol) in probes.stats().zip(symbols.split(|&c| c == b',')) {
            if member.is_none() {
                pr_info!("{} is missing\n", BStr::from_bytes(symbol));
            }
        }
        Ok(Self { probes, counters })
    }
}

impl Drop for Counters {
    fn drop(&mut self) {
        for (member, counter) in self.probes.stats().zip(&self.counters) {
            let Some((address, stats)) = member else {
                continue;
            };
            pr_info!(
                "{}: {} calls, {} missed\n",
                address,
                counter.0.load(Relaxed),
                stats.missed
            );
        }
    }
}
