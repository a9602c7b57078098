// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Writes into the trace buffer when it is loaded and unloaded. With `off=1` it stops the recording as it is
//! loaded, so that the buffer ends with what led up to that.
//!
//! ftrace sees its functions, `ftrace_demo_init`, `ftrace_demo_prepare`, `ftrace_demo_step` and `ftrace_demo_exit`:
//!
//! ```text
//! echo ':mod:ftrace_demo' >/sys/kernel/tracing/set_ftrace_filter
//! echo function_graph >/sys/kernel/tracing/current_tracer
//! ```

use kernel::prelude::*;
use rprobes::{trace_printk, tracing};

rprobes::module! {
    type: FtraceDemo,
    name: "ftrace_demo",
    authors: ["The rprobes authors"],
    description: "Writes into the trace buffer, and stops it on request",
    license: "GPL",
    params: {
        off: bool { default: false, description: "Stop the recording when loaded" },
    },
}

struct FtraceDemo;

impl kernel::Module for FtraceDemo {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let sum = prepare(3);
        trace_printk!("ftrace_demo: the sum is {sum}\n");
        trace_printk!("ftrace_demo: loaded\n");
        if params::off.value() {
            tracing::off();
        }
        pr_info!(
            "loaded, tracing is {}\n",
            if tracing::is_on() { "on" } else { "off" }
        );
        Ok(Self)
    }
}

#[inline(never)]
fn prepare(steps: u64) -> u64 {
    (1..=steps).map(step).sum()
}

#[inline(never)]
fn step(number: u64) -> u64 {
    trace_printk!("ftrace_demo: step {number}\n");
    number * number
}

impl Drop for FtraceDemo {
    fn drop(&mut self) {
        trace_printk!("ftrace_demo: unloaded\n");
        pr_info!("unloaded\n");
    }
}
