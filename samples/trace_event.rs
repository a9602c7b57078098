// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A trace event of the module's own, `trace_event:file_read`, for each read of a file that has returned:
//!
//! ```text
//! echo 'bytes > 1000 && comm != "cat"' >/sys/kernel/tracing/events/trace_event/file_read/filter
//! echo 1 >/sys/kernel/tracing/events/trace_event/file_read/enable
//! cat /sys/kernel/tracing/trace
//! ```

use kernel::prelude::*;
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    trace, Target,
};

rprobes::module! {
    type: TraceEvent,
    name: "trace_event",
    authors: ["The rprobes authors"],
    description: "Makes a trace event of each read of a file",
    license: "GPL",
}

rprobes::event! {
    /// A file was read.
    struct FileRead {
        pid: i32,
        comm: Comm,
        /// How many bytes, or an error.
        bytes: i64,
        /// Who asked for them.
        caller: Symbol,
    }
}

struct Reads;

#[vtable]
impl kretprobe::Handler for Reads {
    type Data = ();

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<()> {
        // Following a call is far dearer than asking whether somebody wants to know.
        if FileRead::is_enabled() {
            Entry::Trace(())
        } else {
            Entry::Skip
        }
    }

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        trace!(FileRead {
            pid: cx.pid(),
            comm: cx.comm(),
            bytes: cx.return_value() as i64,
            caller: cx.return_address(),
        });
    }
}

#[pin_data]
struct TraceEvent {
    #[pin]
    probe: Kretprobe<Reads>,
}

impl kernel::InPlaceModule for TraceEvent {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            probe <- Kretprobe::new(Target::symbol(c"vfs_read"), Reads),
        })
    }
}
