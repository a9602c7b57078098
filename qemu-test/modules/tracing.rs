// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Does in the trace buffer what `what` says.

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::CString,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    trace_printk,
    tracing::{self, Dump, Instance},
    Target,
};

rprobes::module! {
    type: Tracing,
    name: "tracing",
    authors: ["The rprobes authors"],
    description: "Does something in the trace buffer",
    license: "GPL",
    params: {
        what: string { default: "", description: "What to do" },
        instance: string { default: "mine", description: "The name of an instance" },
        lines: u32 { default: 500, description: "How many lines a CPU prints" },
    },
}

extern "C" {
    fn rprobes_tracing_run(print: extern "C" fn(u32, u32, u32), lines: u32);
}

extern "C" fn print(cpu: u32, from: u32, line: u32) {
    trace_printk!("cpu {cpu} from {from} line {line} abcdefghijklmnopqrstuvwxyz end\n");
}

/// Counts how often it is formatted.
struct Counted<'a>(&'a Atomic<u64>);

impl Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fetch_add(1, Relaxed);
        f.write_str("counted")
    }
}

/// Prints wherever the kernel makes the system call sync.
struct InHandler;

#[vtable]
impl kprobe::Handler for InHandler {
    fn pre(&self, _cx: &PreContext<'_>) {
        trace_printk!("in a handler\n");
    }
}

#[inline(never)]
fn lines() {
    let (one, name, long) = (1, "two", [b'x'; 600]);
    trace_printk!("a text alone\n");
    trace_printk!("no newline");
    trace_printk!("{{braces}}\n");
    trace_printk!("{one} and {}\n", name);
    trace_printk!("{one} inline\n");
    trace_printk!("{:>6}|{:#x}\n", 42, 255);
    trace_printk!("{}\n", core::str::from_utf8(&long).unwrap_or(""));
    trace_printk!("{} {} {} {}\n", i64::MIN, u64::MAX, 0u8, -1i8);
    trace_printk!("{}{}|\n", &one, 'c');
    trace_printk!("{} {x}\n", one, x = name);
    trace_printk!("{x} {}\n", one, x = name,);
    trace_printk!("{0} {0}\n", one);
    trace_printk!("{}", "");
    trace_printk!("behind\n");
}

/// In one instance alone.
fn in_instance(instance: &Instance) -> Result {
    trace_printk!(instance: instance, "a text alone\n");
    trace_printk!(instance: instance, "{} and {}\n", 1, "two");
    trace_printk!(instance: instance, "{{}}: {:02x}\n", 1);
    instance.off();
    pr_info!(
        "instance is on: {}, all are on: {}\n",
        instance.is_on(),
        tracing::is_on()
    );
    let formatted = Atomic::new(0);
    trace_printk!(instance: instance, "lost {}\n", Counted(&formatted));
    pr_info!("formatted {} times\n", formatted.load(Relaxed));
    instance.on();
    tracing::off();
    trace_printk!(instance: instance, "on alone\n");
    tracing::on();
    instance.resize(64)?;
    instance.enable(c"sched", c"sched_process_fork")?;
    pr_info!(
        "no event: {:?}\n",
        instance.enable(c"sched", c"no_such_event")
    );
    Ok(())
}

struct Tracing {
    _instance: Option<Instance>,
    _probe: Option<Pin<KBox<Kprobe<InHandler>>>>,
}

impl kernel::Module for Tracing {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let (mut kept, mut probe) = (None, None);
        let name = CString::try_from_fmt(fmt!("{}", params::instance.get()?))?;
        match &*params::what.get()? {
            b"lines" => lines(),
            // SAFETY: Process context, where one may wait for all CPUs.
            b"all" => unsafe { rprobes_tracing_run(print, params::lines.value()) },
            b"handler" => {
                let target = Target::syscall(c"sync");
                probe = Some(KBox::pin_init(Kprobe::new(target, InHandler), GFP_KERNEL)?);
            }
            b"off" => {
                let formatted = Atomic::new(0);
                tracing::off();
                trace_printk!("lost {}\n", Counted(&formatted));
                pr_info!("formatted {} times while off\n", formatted.load(Relaxed));
                tracing::on();
                trace_printk!("found {}\n", Counted(&formatted));
                pr_info!("formatted {} times while on\n", formatted.load(Relaxed));
            }
            b"snapshot" => {
                trace_printk!("before the snapshot\n");
                tracing::allocate_snapshot()?;
                trace_printk!("after the first\n");
                tracing::snapshot()?;
                trace_printk!("after the snapshot\n");
            }
            b"stack" => tracing::dump_stack(),
            b"dump" => {
                trace_printk!("to be dumped\n");
                tracing::ftrace_dump(Dump::All);
                pr_info!("is on: {}\n", tracing::is_on());
                tracing::on();
            }
            b"instance" => {
                let instance = Instance::new(&name)?;
                in_instance(&instance)?;
                kept = Some(instance);
            }
            b"leak" => {
                let instance = Instance::new(&name)?;
                instance.enable(c"sched", c"sched_process_fork")?;
                core::mem::forget(instance);
            }
            b"fail" => {
                let instance = Instance::new(&name)?;
                instance.resize(64)?;
                instance.resize(0)?;
            }
            b"twice" => {
                let again = Instance::new(&name)?;
                kept = Some(Instance::new(&name)?);
                trace_printk!(instance: &again, "by the first\n");
                drop(again);
            }
            _ => return Err(EINVAL),
        }
        Ok(Self {
            _instance: kept,
            _probe: probe,
        })
    }
}
