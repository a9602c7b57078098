// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Writes into the trace buffer when it is loaded and unloaded. With `off=1` it stops the recording as it is
//! loaded, so that the buffer ends with what led up to that.

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

impl Drop for FtraceDemo {
    fn drop(&mut self) {
        trace_printk!("ftrace_demo: unloaded\n");
        pr_info!("unloaded\n");
    }
}
