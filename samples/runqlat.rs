// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How long threads wait for a CPU: from when they are woken up, or have to make way for others, until they run.
//!
//! `cat /sys/kernel/debug/runqlat/usecs` prints a histogram of microseconds; how many waits there were, their sum, average, minimum and
//! maximum; and how many were lost for want of room. `usecs.json` has the same. Whatever is written to `usecs` empties it.
//! With `by=process` or `by=thread`, there is a histogram for each; with `pid=1234`, only the threads of that process count.

use kernel::{prelude::*, str::BStr, sync::Arc};
use rprobes::{
    aggregate::{Aggregate, Log2, Summary},
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
        by: string { default: "", description: "process or thread: a histogram for each" },
        pid: u32 { default: 0, description: "Only the threads of this process" },
    },
}

rprobes::kernel_types! {
    tracepoint sched_switch;
    tracepoint sched_wakeup;
    tracepoint sched_wakeup_new;
    struct task_struct;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    All,
    Process,
    Thread,
}

struct Waits {
    by: By,
    /// Since when each thread waits.
    since: Map<i32, u64>,
    /// By process or thread, or of key 0.
    usecs: PerCpuMap<i32, Log2>,
    total: PerCpuMap<i32, Summary>,
}

impl Waits {
    fn new(by: By) -> Result<Self> {
        // On each CPU, a histogram takes half a kilobyte.
        let keys = if by == By::All { 1 } else { 1024 };
        Ok(Self {
            by,
            since: Map::new(8192)?,
            usecs: PerCpuMap::new(keys)?,
            total: PerCpuMap::new(keys)?,
        })
    }

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

    /// A thread begins to run.
    fn end<P, F>(&self, cx: &Context<'_, P, F>, task: KernelPtr<task_struct>) {
        let Ok(pid) = read!(cx, task => pid) else {
            return;
        };
        let Ok(since) = self.since.remove(&pid) else {
            return;
        };
        // The clocks of two CPUs may differ.
        let usecs = cx.timestamp().saturating_sub(since) / 1000;
        let key = match self.by {
            By::All => 0,
            By::Process => read!(cx, task => tgid).unwrap_or(0),
            By::Thread => pid,
        };
        self.usecs.record(&key, usecs);
        self.total.record(&key, usecs);
    }

    /// A thread sleeps, or has ended: it may have been woken up while it still ran.
    fn forget<P, F>(&self, cx: &Context<'_, P, F>, task: KernelPtr<task_struct>) {
        if let Ok(pid) = read!(cx, task => pid) {
            let _ = self.since.remove(&pid);
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
            self.forget(cx, args.prev());
        }
        self.end(cx, args.next());
    }
}

fn show(waits: &Waits, report: &mut Report<'_>) -> Result {
    if waits.by == By::All {
        let (usecs, total) = (waits.usecs.get(&0), waits.total.get(&0));
        report.histogram("usecs", &usecs.unwrap_or_else(Log2::empty))?;
        report.summary("total", &total.unwrap_or_else(Summary::empty))?;
    } else {
        let mut histograms = Table::of_histograms(&["pid"]);
        histograms.extend(waits.usecs.snapshot()?);
        report.histograms("usecs", histograms.sort_by_key())?;
        let mut totals = Table::new(&["pid", "count", "sum", "average", "min", "max"]);
        totals.extend(waits.total.snapshot()?);
        report.table("total", totals.sort_by_most(Summary::sum))?;
    }
    let stats = [waits.since.stats(), waits.usecs.stats()];
    let lost: u64 = stats.iter().map(|stats| stats.refused + stats.busy).sum();
    report.value("lost", &lost)
}

fn clear(waits: &Waits, _text: &[u8]) -> Result {
    waits.usecs.clear();
    waits.total.clear();
    Ok(())
}

struct RunQLat {
    _probes: ProbeSet,
    _file: report::File<Waits>,
}

impl kernel::Module for RunQLat {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let by = match &*params::by.get()? {
            b"" => By::All,
            b"process" => By::Process,
            b"thread" => By::Thread,
            other => {
                pr_err!(
                    "by={}: there are process and thread\n",
                    BStr::from_bytes(other)
                );
                return Err(EINVAL);
            }
        };
        let waits = Arc::new(Waits::new(by)?, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.tracepoint(sched_switch::TARGET, waits.clone())?;
        set.tracepoint(sched_wakeup::TARGET, waits.clone())?;
        set.tracepoint(sched_wakeup_new::TARGET, waits.clone())?;
        Ok(Self {
            _probes: set.register()?,
            _file: report::File::writable(c"usecs", waits, show, clear)?,
        })
    }
}
