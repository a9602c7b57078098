// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Counts calls by function, of all functions that match a pattern; the most frequent come first in
//! `/sys/kernel/debug/fprobe_glob/calls`.

use kernel::{
    debugfs::{Dir, File},
    fmt,
    prelude::*,
    sync::Arc,
};
use rprobes::{
    fprobe::{self, Entry, EntryContext, Functions},
    CounterArray, Fprobe, Symbol,
};

rprobes::module! {
    type: FprobeGlob,
    name: "fprobe_glob",
    authors: ["The rprobes authors"],
    description: "Counts calls of functions that match a pattern",
    license: "GPL",
    params: {
        functions: string { default: "vfs_*", description: "Patterns, such as vfs_* !vfs_fs*, or ext4:ext4_*" },
    },
}

struct Calls(CounterArray);

#[vtable]
impl fprobe::Handler for Calls {
    type Data = ();

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<()> {
        self.0.inc(cx.index());
        Entry::Skip
    }
}

#[pin_data]
struct FprobeGlob {
    #[pin]
    file: File<Arc<Shown>>,
}

/// Both what counts and the names of what is counted.
#[pin_data]
struct Shown {
    #[pin]
    probe: Fprobe<Calls>,
}

impl kernel::InPlaceModule for FprobeGlob {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let text = params::functions.get()?;
            let functions = Functions::parse(&text)?;
            let calls = Calls(CounterArray::new(functions.count()?)?);
            let shown = Arc::pin_init(
                try_pin_init!(Shown { probe <- Fprobe::new(functions, calls) }),
                GFP_KERNEL,
            )?;
            let probe = &shown.probe;
            if let Some(stats) = probe.stats() {
                pr_info!(
                    "counting calls of {} functions by {}, {} were left out\n",
                    probe.functions().len(),
                    stats.mechanism,
                    probe.left_out().len()
                );
            }
            Ok(try_pin_init!(Self {
                file <- Dir::new(c"fprobe_glob").read_callback_file(c"calls", shown, &show),
            }))
        })
    }
}

/// The functions that were called, the most frequent first.
fn show(shown: &Arc<Shown>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut table: KVec<(u64, Symbol)> = KVec::new();
    for (i, function) in shown.probe.functions().enumerate() {
        let calls = shown.probe.handler().0.sum(i);
        if calls == 0 {
            continue;
        }
        let place = table.partition_point(|(more, _)| *more >= calls);
        table
            .push((calls, function), GFP_KERNEL)
            .map_err(|_| fmt::Error)?;
        table[place..].rotate_right(1);
    }
    for (calls, function) in &table {
        f.write_fmt(fmt!("{calls:>12} {function:#}\n"))?;
    }
    Ok(())
}
