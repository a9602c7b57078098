// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Counts calls by function, of all functions that match a pattern; the most frequent come first in
//! `/sys/kernel/debug/fprobe_glob/calls`, and for programs in `calls.json`.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    fprobe::{self, Entry, EntryContext, Functions},
    report::{self, Name, Report, Table},
    CounterArray, Fprobe,
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

struct FprobeGlob {
    _file: report::File<Fprobe<Calls>>,
}

impl kernel::Module for FprobeGlob {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let text = params::functions.get()?;
        let functions = Functions::parse(&text)?;
        let calls = Calls(CounterArray::new(functions.count()?)?);
        // Both what counts and the names of what is counted.
        let probe = Arc::pin_init(Fprobe::new(functions, calls), GFP_KERNEL)?;
        if let Some(stats) = probe.stats() {
            pr_info!(
                "counting calls of {} functions by {}, {} were left out\n",
                probe.functions().len(),
                stats.mechanism,
                probe.left_out().len()
            );
        }
        Ok(Self {
            _file: report::File::new(c"calls", probe, show)?,
        })
    }
}

/// The functions that were called, the most frequent first.
fn show(probe: &Fprobe<Calls>, report: &mut Report<'_>) -> Result {
    let mut calls = Table::new(&["function", "calls"]);
    for (i, function) in probe.functions().enumerate() {
        let count = probe.handler().0.sum(i);
        if count > 0 {
            calls.add(Name(function), count);
        }
    }
    report.table("calls", calls.sort_by_value())
}
