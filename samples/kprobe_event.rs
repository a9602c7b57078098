// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Records who opens which files, and what comes of it, in the kernel's trace buffer: two kprobe events. The same as
//!
//! ```text
//! echo 'p:myprobe do_sys_open dfd=%ax filename=%dx flags=%cx mode=+4($stack)' >/sys/kernel/debug/tracing/kprobe_events
//! echo 'r:myretprobe do_sys_open $retval' >>/sys/kernel/debug/tracing/kprobe_events
//! ```
//!
//! of old tutorials, which have the registers and the stack of x86 with 32 bits. Today `open` and `openat` end in
//! `do_sys_openat2`, and flags and mode are in a struct that its third argument points to.

use kernel::prelude::*;
use rprobes::{
    kprobe_event::{Event, Fetch},
    KprobeEvent, Target,
};

rprobes::module! {
    type: Opens,
    name: "kprobe_event",
    authors: ["The rprobes authors"],
    description: "Records calls of open in the trace buffer",
    license: "GPL",
    params: {
        symbol: string { default: "do_sys_openat2", description: "The function, or another with the same arguments" },
        filter: string { default: "", description: "Which calls to record: dfd==-100" },
        stacktrace: bool { default: false, description: "Record the stack of each call, too" },
        hist: string { default: "", description: "Count calls by fields: keys=flags" },
    },
}

struct Opens {
    entry: Event,
    ret: Event,
}

impl kernel::Module for Opens {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let symbol = params::symbol.get()?;
        let target = Target::parse(&symbol)?;
        let entry = KprobeEvent::new(c"myprobe", target)
            .arg(c"dfd", Fetch::arg(0).s32())
            .arg(c"filename", Fetch::arg(1).user_string())
            .arg(c"flags", Fetch::arg(2).deref(0))
            .arg(c"mode", Fetch::arg(2).deref(8))
            .register()?;
        let ret = KprobeEvent::at_return(c"myretprobe", target)
            .arg(c"ret", Fetch::return_value().s32())
            .register()?;
        let filter = params::filter.get()?;
        if !filter.is_empty() {
            entry.filter(&filter)?;
        }
        if params::stacktrace.value() {
            entry.stacktrace()?;
        }
        let hist = params::hist.get()?;
        if !hist.is_empty() {
            entry.hist(&hist)?;
        }
        entry.enable()?;
        ret.enable()?;
        pr_info!("look into /sys/kernel/tracing/trace\n");
        Ok(Self { entry, ret })
    }
}

impl Drop for Opens {
    fn drop(&mut self) {
        for (name, event) in [("myprobe", &self.entry), ("myretprobe", &self.ret)] {
            if let Ok(profile) = event.profile() {
                pr_info!(
                    "{}: {} hits, {} missed\n",
                    name,
                    profile.hits,
                    profile.missed
                );
            }
        }
    }
}
