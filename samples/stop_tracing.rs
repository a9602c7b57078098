// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Stops the recording of the trace buffer when a function fails in a way that is looked for, so that the buffer ends
//! with what led up to it: by default, when a file that does not exist is opened.

use kernel::prelude::*;
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    trace_printk, tracing, Target,
};

rprobes::module! {
    type: StopTracing,
    name: "stop_tracing",
    authors: ["The rprobes authors"],
    description: "Stops the recording of the trace buffer when a function fails",
    license: "GPL",
    params: {
        func: string { default: "do_sys_openat2", description: "The function to watch" },
        error: i32 { default: 2, description: "The errno that it is to return, without the sign" },
    },
}

struct StopAt {
    error: i32,
}

#[vtable]
impl kretprobe::Handler for StopAt {
    type Data = ();

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<()> {
        Entry::Trace(())
    }

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        if tracing::is_on() && cx.return_value() as i32 == -self.error {
            trace_printk!("{} returned -{}\n", cx.target(), self.error);
            tracing::off();
        }
    }
}

#[pin_data]
struct StopTracing {
    #[pin]
    probe: Kretprobe<StopAt>,
}

impl kernel::InPlaceModule for StopTracing {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let func = params::func.get()?;
            let handler = StopAt {
                error: params::error.value(),
            };
            Ok(try_pin_init!(Self {
                probe <- Kretprobe::new(Target::parse(&func)?, handler),
            }))
        })
    }
}
