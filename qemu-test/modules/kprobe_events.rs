// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Registers events that are kprobes, as `what` says.

use kernel::prelude::*;
use rprobes::{
    kprobe_event::{Event, Fetch},
    tracing::Instance,
    KprobeEvent, Target,
};

rprobes::module! {
    type: Events,
    name: "kprobe_events",
    authors: ["The rprobes authors"],
    description: "Registers events that are kprobes",
    license: "GPL",
    params: {
        what: string { default: "", description: "What to do" },
        symbol: string { default: "kernel_clone", description: "Where" },
    },
}

struct Events {
    _events: KVec<Event>,
    // Dropped last, so that the events are enabled in it when they go.
    _instance: Option<Instance>,
}

impl kernel::Module for Events {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let symbol = params::symbol.get()?;
        let target = Target::parse(&symbol)?;
        let event = |name| KprobeEvent::new(name, target).group(c"mine");
        let mut events = KVec::new();
        let mut instance = None;
        match &*params::what.get()? {
            b"fields" => {
                let fields = event(c"fields")
                    .arg(c"comm", Fetch::comm())
                    .arg(c"u8", Fetch::arg(0).deref(0).u8())
                    .arg(c"deep", Fetch::arg(0).deref(-8).deref(16).x32())
                    .arg(c"user", Fetch::arg(1).deref_user(4).s16())
                    .arg(c"stack", Fetch::stack(1))
                    .arg(c"hz", Fetch::variable(c"loops_per_jiffy").u64())
                    .arg(c"text", Fetch::variable(c"saved_command_line").string())
                    .arg(c"at", Fetch::arg(0).string_at(16))
                    .arg(c"where", Fetch::stack(0).symbol());
                events.push(fields.register()?, GFP_KERNEL)?;
            }
            b"plain" => events.push(event(c"plain").register()?, GFP_KERNEL)?,
            b"enabled" => {
                let event = event(c"plain").register()?;
                event.enable()?;
                event.stacktrace()?;
                event.hist(b"keys=common_pid")?;
                let own = Instance::new(c"mine")?;
                own.enable(c"mine", c"plain")?;
                pr_info!("{:?}\n", event.profile()?);
                instance = Some(own);
                events.push(event, GFP_KERNEL)?;
            }
            b"leak" => {
                let event = event(c"plain").register()?;
                event.enable()?;
                event.stacktrace()?;
                let own = Instance::new(c"mine")?;
                own.enable(c"mine", c"plain")?;
                core::mem::forget((event, own));
            }
            b"same" => {
                events.push(event(c"plain").register()?, GFP_KERNEL)?;
                let other = KprobeEvent::new(c"plain", Target::symbol(c"do_exit")).group(c"mine");
                events.push(other.register()?, GFP_KERNEL)?;
            }
            b"register" => {
                let strange = event(c"plain").arg(c"x", Fetch::register(c"nosuch"));
                events.push(strange.register()?, GFP_KERNEL)?;
            }
            b"name" => events.push(event(c"two words").register()?, GFP_KERNEL)?,
            b"field" => {
                let strange = event(c"plain").arg(c"two words", Fetch::arg(0));
                events.push(strange.register()?, GFP_KERNEL)?;
            }
            b"dash" => events.push(event(c"a-b").register()?, GFP_KERNEL)?,
            b"deep" => {
                let mut fetch = Fetch::arg(0);
                for _ in 0..9 {
                    fetch = fetch.deref(0);
                }
                events.push(event(c"plain").arg(c"x", fetch).register()?, GFP_KERNEL)?;
            }
            b"retval" => {
                let strange = event(c"plain").arg(c"x", Fetch::return_value());
                events.push(strange.register()?, GFP_KERNEL)?;
            }
            b"filter" => {
                let event = event(c"plain").arg(c"x", Fetch::arg(0)).register()?;
                let refused = event.filter(b"x == 1 && nosuch == 2");
                pr_info!("filter: {:?}\n", refused);
                events.push(event, GFP_KERNEL)?;
            }
            b"hist" => {
                let event = event(c"plain").arg(c"x", Fetch::arg(0)).register()?;
                pr_info!("hist: {:?}\n", event.hist(b"keys=nosuch"));
                events.push(event, GFP_KERNEL)?;
            }
            _ => return Err(EINVAL),
        }
        Ok(Self {
            _events: events,
            _instance: instance,
        })
    }
}
