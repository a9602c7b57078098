// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which system calls are made, how often, and how long they take.
//!
//! `cat /sys/kernel/debug/syscount/calls` prints a table with the most frequent first: the name of the call, how many there were, and how
//! many nanoseconds they took: all, on average, at least and at most; and how many were lost for want of room. A call counts when it returns, or its
//! thread ends in it. `calls.json` has the same. Whatever is written to `calls` empties it.
//!
//! With `by=process`, each process has its own rows; with `failed=1`, only calls count that fail; with `top=0`, all are shown. `filter=`
//! says whose count, also later: `echo comm=cat >/sys/module/syscount/parameters/filter`.

use kernel::{prelude::*, str::BStr, sync::Arc};
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
        by: string { default: "", description: "process: each has its own rows" },
        failed: bool { default: false, description: "Only calls that fail" },
        top: u32 { default: 10, description: "How many rows are shown; 0 is all" },
        filter: filter { description: "Whose calls: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

rprobes::kernel_types! {
    tracepoint sys_enter;
    tracepoint sys_exit;
    tracepoint sched_process_exit;
}

#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Key {
    number: u32,
    is_compat: u32,
    /// 0, unless processes have their own rows.
    tgid: i32,
    comm: Comm,
}

/// A call that has not returned.
#[derive(Clone, Copy)]
struct Call {
    key: Key,
    begun: u64,
}

struct Calls {
    by_process: bool,
    names: SyscallNames,
    /// By thread: by its address, as its number changes if it is not the first of its process, and executes a program.
    begun: Map<usize, Call>,
    /// How many nanoseconds they took.
    ended: PerCpuMap<Key, Summary>,
}

/// That which runs.
fn thread() -> usize {
    current!().as_ptr() as usize
}

impl Calls {
    fn end<P, F>(&self, cx: &Context<'_, P, F>, counts: bool) {
        let Ok(call) = self.begun.remove(&thread()) else {
            return;
        };
        if counts {
            // The clocks of two CPUs may differ.
            let time = cx.timestamp().saturating_sub(call.begun);
            self.ended.record(&call.key, time);
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
        let (tgid, comm) = if self.by_process {
            (cx.tgid(), cx.comm())
        } else {
            (0, Comm([0; 16]))
        };
        let key = Key {
            number,
            is_compat: call.is_compat().into(),
            tgid,
            comm,
        };
        let begun = cx.timestamp();
        let _ = self.begun.insert(thread(), Call { key, begun });
    }
}

impl tracepoint::Handler<sys_exit> for Calls {
    fn hit(&self, cx: &HitContext<'_, sys_exit>) {
        let failed = (-4095..0).contains(&cx.args().ret());
        self.end(cx, failed || !params::failed.value());
    }
}

// A thread ends.
impl tracepoint::Handler<sched_process_exit> for Calls {
    fn hit(&self, cx: &HitContext<'_, sched_process_exit>) {
        self.end(cx, !params::failed.value());
    }
}

fn show(calls: &Calls, report: &mut Report<'_>) -> Result {
    let top = match params::top.value() {
        0 => usize::MAX,
        top => top as usize,
    };
    let rows = calls.ended.snapshot()?;
    let name = |key: &Key| calls.names.of(key.number, key.is_compat != 0);
    if calls.by_process {
        let mut table = Table::new(&[
            "pid",
            "comm",
            "call",
            "count",
            "total_ns",
            "average_ns",
            "min_ns",
            "max_ns",
        ]);
        table.extend(
            rows.iter()
                .map(|(key, ns)| ((key.tgid, key.comm, name(key)), *ns)),
        );
        report.table("calls", table.sort_by_most(Summary::count).top(top))?;
    } else {
        let mut table = Table::new(&[
            "call",
            "count",
            "total_ns",
            "average_ns",
            "min_ns",
            "max_ns",
        ]);
        table.extend(rows.iter().map(|(key, ns)| (name(key), *ns)));
        report.table("calls", table.sort_by_most(Summary::count).top(top))?;
    }
    let stats = [calls.begun.stats(), calls.ended.stats()];
    let lost: u64 = stats.iter().map(|stats| stats.refused + stats.busy).sum();
    report.value("lost", &lost)
}

fn clear(calls: &Calls, _text: &[u8]) -> Result {
    calls.ended.clear();
    Ok(())
}

struct SysCount {
    _probes: ProbeSet,
    _file: report::File<Calls>,
}

impl kernel::Module for SysCount {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let by_process = match &*params::by.get()? {
            b"" => false,
            b"process" => true,
            other => {
                pr_err!("by={}: there is process\n", BStr::from_bytes(other));
                return Err(EINVAL);
            }
        };
        let calls = Calls {
            by_process,
            names: SyscallNames::new(),
            begun: Map::new(8192)?,
            ended: PerCpuMap::new(if by_process { 4096 } else { 1024 })?,
        };
        let calls = Arc::new(calls, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.tracepoint(sys_exit::TARGET, calls.clone())?;
        set.tracepoint(sched_process_exit::TARGET, calls.clone())?;
        set.tracepoint(sys_enter::TARGET, calls.clone())?;
        Ok(Self {
            _probes: set.register()?,
            _file: report::File::writable(c"calls", calls, show, clear)?,
        })
    }
}
