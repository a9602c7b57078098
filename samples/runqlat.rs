// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How long threads wait for a CPU: from when they are woken up, or have to make way for others, until they run.
//!
//! `cat /sys/kernel/debug/runqlat/usecs` prints a histogram of microseconds, with count, sum, average, minimum and maximum, and how
//! many were lost for want of room. `usecs.json` has the same. Whatever is written to `usecs` empties it.
//! With `processes=1` or `threads=1`, there is a histogram for each; with `pid=1234`, only the threads of that process count.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    aggregate::{Aggregate, Distribution},
    read,
    report::{self, Report, Table},
    tracepoint::{self, HitContext},
    types::KernelPtr,
    Context, Map, PerCpuMap, ProbeSet,
};

rprobes::module! {
    type: RunQLat,
    name: "runqlat",
    authors: ["The rprobes authors"],
    description: "Shows how long threads wait for a CPU",
    license: "GPL",
    params: {
        processes: bool { default: false, description: "A histogram for each process" },
        threads: bool { default: false, description: "A histogram for each thread" },
        pid: u32 { default: 0, description: "Only the threads of this process" },
    },
}

rprobes::kernel_types! {
    tracepoint sched_switch; tracepoint sched_wakeup; tracepoint sched_wakeup_new; struct task_struct;
}

struct Waits {
    /// Since when each thread waits.
    since: Map<i32, u64>,
    /// By process or thread, or of key 0.
    usecs: PerCpuMap<i32, Distribution>,
}

impl Waits {
    /// A thread is ready to run. If it is running, and goes on, nothing comes of it.
    fn begin<P, F>(&self, cx: &Context<'_, P, F>, task: KernelPtr<task_struct>) {
        let wanted = params::pid.value() as i32;
        if wanted != 0 && !read!(cx, task => tgid).is_ok_and(|tgid| tgid == wanted) {
            return;
        }
        match read!(cx, task => pid) {
            // The idle tasks of all CPUs.
            Ok(0) | Err(_) => {}
            Ok(pid) => drop(self.since.insert(pid, cx.timestamp())),
        }
    }

    /// A thread waits no longer, as it runs, or sleeps, or has ended: it may have been woken up while it still ran.
    fn end<P, F>(&self, cx: &Context<'_, P, F>, task: KernelPtr<task_struct>, runs: bool) {
        let pid = read!(cx, task => pid).unwrap_or(0);
        let Ok(since) = self.since.remove(&pid) else {
            return;
        };
        let key = match (params::threads.value(), params::processes.value()) {
            (true, _) => pid,
            (_, true) => read!(cx, task => tgid).unwrap_or(0),
            _ => 0,
        };
        if runs {
            self.usecs.record(&key, cx.elapsed(since) / 1000);
        }
    }
}

impl tracepoint::Handler<sched_wakeup> for Waits {
    fn hit(&self, cx: &HitContext<'_, sched_wakeup>) {
        self.begin(cx, cx.args().p());
    }
}

impl tracepoint::Handler<sched_wakeup_new> for Waits {
    fn hit(&self, cx: &HitContext<'_, sched_wakeup_new>) {
        self.begin(cx, cx.args().p());
    }
}

impl tracepoint::Handler<sched_switch> for Waits {
    fn hit(&self, cx: &HitContext<'_, sched_switch>) {
        let args = cx.args();
        if args.preempt() || args.prev_state() == 0 {
            self.begin(cx, args.prev());
        } else {
            self.end(cx, args.prev(), false);
        }
        self.end(cx, args.next(), true);
    }
}

fn show((waits, probes): &(Arc<Waits>, ProbeSet), report: &mut Report<'_>) -> Result {
    if params::threads.value() || params::processes.value() {
        let mut table = Table::of_histograms(&["pid"]);
        table.extend(waits.usecs.snapshot()?);
        report.histograms("usecs", table.sort_by_most(|usecs| usecs.summary().sum()))?;
    } else {
        let all = waits.usecs.get(&0).unwrap_or_else(Distribution::empty);
        report.histogram("usecs", &all)?;
    }
    let lost = waits.since.stats().lost() + waits.usecs.stats().lost();
    report.value("lost", &(lost + probes.missed()))
}

fn clear((waits, _): &(Arc<Waits>, ProbeSet), _text: &[u8]) -> Result {
    waits.usecs.clear();
    Ok(())
}

struct RunQLat(#[expect(dead_code)] report::File<(Arc<Waits>, ProbeSet)>);

impl kernel::Module for RunQLat {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // On each CPU, a histogram takes half a kilobyte.
        let many = params::threads.value() || params::processes.value();
        let usecs = PerCpuMap::new(if many { 1024 } else { 1 })?;
        let since = Map::new(8192)?;
        let waits = Arc::new(Waits { since, usecs }, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.tracepoint(sched_switch::TARGET, waits.clone())?;
        set.tracepoint(sched_wakeup::TARGET, waits.clone())?;
        set.tracepoint(sched_wakeup_new::TARGET, waits.clone())?;
        let shown = Arc::new((waits, set.register()?), GFP_KERNEL)?;
        let file = report::File::writable(c"usecs", shown, show, clear)?;
        Ok(Self(file))
    }
}
