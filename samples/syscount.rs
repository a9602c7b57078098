// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which system calls are made, how often, and how long they take.
//!
//! `cat /sys/kernel/debug/syscount/calls` prints a table with the most frequent first: the name of the call, how many there were, and how many
//! nanoseconds they took: all, on average, at least and at most; and how many were lost for want of room. A call counts when it returns,
//! or its thread ends in it. `calls.json` has the same. Whatever is written to `calls` empties it.
//!
//! With `processes=1`, each process has its own rows; `top=` says how many are shown. `filter=` says whose count, also later:
//! `echo comm=cat >/sys/module/syscount/parameters/filter`.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    aggregate::Summary,
    context::Comm,
    report::{self, Report, Table},
    tracepoint::{self, HitContext},
    Context, Map, PerCpuMap, ProbeSet, SyscallNames,
};
use zerocopy_derive::Immutable;

rprobes::module! {
    type: SysCount,
    name: "syscount",
    authors: ["The rprobes authors"],
    description: "Counts system calls, and how long they take",
    license: "GPL",
    params: {
        processes: bool { default: false, description: "Each process has its own rows" },
        top: usize { default: 10, description: "How many rows are shown" },
        filter: filter { description: "Whose calls: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

rprobes::kernel_types! { tracepoint sys_enter; tracepoint sys_exit; tracepoint sched_process_exit; }

#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Key {
    number: u32,
    is_compat: u32,
    /// 0, unless processes have their own rows.
    tgid: i32,
    comm: Comm,
}

struct Calls {
    names: SyscallNames,
    /// What each thread is in, and since when. By its address, as its number changes if it is not the first of its process, and executes
    /// a program.
    begun: Map<usize, (Key, u64)>,
    /// How many nanoseconds they took.
    ended: PerCpuMap<Key, Summary>,
}

/// That which runs.
fn thread() -> usize {
    current!().as_ptr() as usize
}

impl Calls {
    fn end<P, F>(&self, cx: &Context<'_, P, F>) {
        if let Ok((key, begun)) = self.begun.remove(&thread()) {
            self.ended.record(&key, cx.elapsed(begun));
        }
    }
}

impl tracepoint::Handler<sys_enter> for Calls {
    fn hit(&self, cx: &HitContext<'_, sys_enter>) {
        if !params::filter.matches(cx) {
            return;
        }
        let call = cx.syscall();
        let Some(number) = call.number() else {
            return;
        };
        let mut key = Key {
            number,
            is_compat: call.is_compat().into(),
            tgid: 0,
            comm: Comm([0; 16]),
        };
        if params::processes.value() {
            (key.tgid, key.comm) = (cx.tgid(), cx.comm());
        }
        let _ = self.begun.insert(thread(), (key, cx.timestamp()));
    }
}

impl tracepoint::Handler<sys_exit> for Calls {
    fn hit(&self, cx: &HitContext<'_, sys_exit>) {
        self.end(cx);
    }
}

// A thread ends.
impl tracepoint::Handler<sched_process_exit> for Calls {
    fn hit(&self, cx: &HitContext<'_, sched_process_exit>) {
        self.end(cx);
    }
}

fn show((calls, probes): &(Arc<Calls>, ProbeSet), report: &mut Report<'_>) -> Result {
    let (rows, top) = (calls.ended.snapshot()?, params::top.value());
    let name = |key: &Key| calls.names.of(key.number, key.is_compat != 0);
    if params::processes.value() {
        const NAMES: [&str; 8] = [
            "pid", "comm", "call", "count", "ns", "average", "min", "max",
        ];
        let mut table = Table::new(&NAMES);
        for (key, ns) in &rows {
            table.add((key.tgid, key.comm, name(key)), *ns);
        }
        report.table("calls", table.sort_by_most(Summary::count).top(top))?;
    } else {
        let mut table = Table::new(&["call", "count", "ns", "average", "min", "max"]);
        table.extend(rows.iter().map(|(key, ns)| (name(key), *ns)));
        report.table("calls", table.sort_by_most(Summary::count).top(top))?;
    }
    let lost = calls.begun.stats().lost() + calls.ended.stats().lost();
    report.value("lost", &(lost + probes.missed()))
}

fn clear((calls, _): &(Arc<Calls>, ProbeSet), _text: &[u8]) -> Result {
    calls.ended.clear();
    Ok(())
}

struct SysCount(#[expect(dead_code)] report::File<(Arc<Calls>, ProbeSet)>);

impl kernel::Module for SysCount {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let calls = Calls {
            names: SyscallNames::new(),
            begun: Map::new(8192)?,
            ended: PerCpuMap::new(4096)?,
        };
        let calls = Arc::new(calls, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.tracepoint(sys_exit::TARGET, calls.clone())?;
        set.tracepoint(sched_process_exit::TARGET, calls.clone())?;
        set.tracepoint(sys_enter::TARGET, calls.clone())?;
        let shown = Arc::new((calls, set.register()?), GFP_KERNEL)?;
        let file = report::File::writable(c"calls", shown, show, clear)?;
        Ok(Self(file))
    }
}
