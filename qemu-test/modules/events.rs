// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Events: one with fields of all kinds when a file is opened, whose name is the text in it, and one for each call of a
//! function, on all CPUs at once and with interrupts off.

use kernel::prelude::*;
use rprobes::{
    kprobe::{self, Kprobe, PostContext, PreContext},
    trace, Counters, Target,
};

rprobes::module! {
    type: Events,
    name: "events",
    authors: ["The rprobes authors"],
    description: "Has events of all kinds",
    license: "GPL",
    params: {
        offset: u32 { default: 0, description: "Where in the function the probe is" },
    },
}

rprobes::event! {
    /// What an event can have.
    pub(crate) struct AllKinds<'a> {
        i8: i8,
        i16: i16,
        i32: i32,
        i64: i64,
        isize: isize,
        /// Another name of `u8` does not matter.
        u8: u8,
        u16: u16,
        u32: u32,
        u64: u64,
        usize: usize,
        #[hex]
        mask: u64,
        r#type: bool,
        word: [u8; 4],
        #[hex]
        mac: [u8; 6],
        words: [i16; 3],
        comm: Comm,
        at: Symbol,
        path: &'a [u8],
        c_str: &'a CStr,
        text: &'a str,
    }
}

/// What a field is, its name says, and not what else is called so.
#[allow(dead_code, non_camel_case_types)]
type u32 = [u8; 64];

rprobes::event! {
    struct Hit {
        on: u32,
        n: u64,
    }
}

struct Opened;

#[vtable]
impl kprobe::Handler for Opened {
    fn pre(&self, cx: &PreContext<'_>) {
        let mut buffer = [0; 600];
        let Ok(text) = cx.read_user_str(cx.syscall().arg(1), &mut buffer) else {
            return;
        };
        AllKinds {
            i8: -1,
            i16: i16::MIN,
            i32: -3,
            i64: i64::MIN,
            isize: -5,
            u8: 255,
            u16: 65535,
            u32: 4294967295,
            u64: u64::MAX,
            usize: text.len(),
            mask: 0xabc0_0000_0000,
            r#type: true,
            word: *b"four",
            mac: [0, 0x1b, 0xff, 3, 4, 5],
            words: [1, -1, 3],
            comm: cx.comm(),
            at: cx.address(),
            path: text,
            c_str: c"a string of C's",
            text: "",
        }
        .emit();
    }
}

struct Hits(Counters<2>);

const CALLS: usize = 0;
const EVALUATED: usize = 1;

impl Hits {
    fn number(&self, cx: &PreContext<'_>) -> u64 {
        self.0.inc::<EVALUATED>();
        cx.regs().arg(0) as u64
    }
}

#[vtable]
impl kprobe::Handler for Hits {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.inc::<CALLS>();
        trace!(Hit {
            on: cx.cpu(),
            n: self.number(cx),
        });
    }

    // So that a probe inside the function stays a breakpoint.
    fn post(&self, _cx: &PostContext<'_>) {}
}

#[pin_data(PinnedDrop)]
struct Events {
    #[pin]
    opened: Kprobe<Opened>,
    #[pin]
    hits: Kprobe<Hits>,
}

impl kernel::InPlaceModule for Events {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        // Those who switch events on as the module is loaded see this one.
        trace!(Hit { on: 0, n: 4711 });
        try_pin_init!(Self {
            opened <- Kprobe::new(Target::syscall(c"openat"), Opened),
            hits <- Kprobe::new(
                Target::symbol(c"rprobes_events_target").offset(params::offset.value()),
                Hits(Counters::new()?),
            ),
        })
    }
}

#[pinned_drop]
impl PinnedDrop for Events {
    fn drop(self: Pin<&mut Self>) {
        let sum = |which| self.hits.handler().0.sum(which);
        pr_info!("calls {}, evaluated {}\n", sum(CALLS), sum(EVALUATED));
    }
}
