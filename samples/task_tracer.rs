// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What chosen processes ask of the kernel: allocations, context switches, mutexes. Write their PIDs to
//! `/sys/kernel/debug/task_tracer/tasks`, and read the table from there.

use kernel::{
    prelude::*,
    str::{parse_int::ParseInt, BStr},
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use rprobes::{
    kprobe::{self, PreContext},
    report::{self, Report},
    Counters, ProbeSet, Target,
};

rprobes::module! {
    type: TaskTracer,
    name: "task_tracer",
    authors: ["The rprobes authors"],
    description: "Counts what chosen processes ask of the kernel",
    license: "GPL",
}

const KMALLOC: usize = 0;
const BYTES: usize = 1;
const KFREE: usize = 2;
const SCHEDULE: usize = 3;
const LOCK: usize = 4;
const UNLOCK: usize = 5;
const COLUMNS: [&str; 7] = [
    "pid",
    "kmalloc",
    "bytes",
    "kfree",
    "schedule",
    "mutex_lock",
    "mutex_unlock",
];

/// A process, or nobody if the PID is 0.
struct Task {
    pid: Atomic<i32>,
    counters: Counters<6>,
    /// What the counters had when the PID was written.
    before: [Atomic<u64>; 6],
}

struct Table([Task; 8]);

impl Table {
    fn new() -> Result<Self> {
        let task = || -> Result<Task> {
            let before = [const { Atomic::new(0) }; 6];
            Ok(Task {
                pid: Atomic::new(0),
                counters: Counters::new()?,
                before,
            })
        };
        Ok(Self([
            task()?,
            task()?,
            task()?,
            task()?,
            task()?,
            task()?,
            task()?,
            task()?,
        ]))
    }

    fn find(&self, cx: &PreContext<'_>) -> Option<&Counters<6>> {
        let pid = cx.tgid();
        let task = self
            .0
            .iter()
            .find(|task| pid != 0 && task.pid.load(Relaxed) == pid)?;
        Some(&task.counters)
    }
}

/// Counts calls, in column `COLUMN`.
struct Calls<const COLUMN: usize>(Arc<Table>);

#[vtable]
impl<const COLUMN: usize> kprobe::Handler for Calls<COLUMN> {
    fn pre(&self, cx: &PreContext<'_>) {
        if let Some(counters) = self.0.find(cx) {
            counters.inc::<COLUMN>();
        }
    }
}

/// Counts allocations, of as many bytes as argument `SIZE` says.
struct Allocations<const SIZE: usize>(Arc<Table>);

#[vtable]
impl<const SIZE: usize> kprobe::Handler for Allocations<SIZE> {
    fn pre(&self, cx: &PreContext<'_>) {
        if let Some(counters) = self.0.find(cx) {
            counters.inc::<KMALLOC>();
            counters.add::<BYTES>(cx.regs().arg(SIZE) as u64);
        }
    }
}

fn show(table: &Table, report: &mut Report<'_>) -> Result {
    let mut tasks = report::Table::new(&COLUMNS);
    for task in table.0.iter().filter(|task| task.pid.load(Relaxed) != 0) {
        let counts: [u64; 6] = core::array::from_fn(|i| {
            let before = task.before[i].load(Relaxed);
            task.counters.sum(i).wrapping_sub(before)
        });
        tasks.add(task.pid.load(Relaxed), counts);
    }
    report.table("tasks", &tasks)
}

/// Takes up to eight PIDs, with blanks between, in the place of those before.
fn choose(table: &Table, text: &[u8]) -> Result {
    let mut pids = [0; 8];
    for (i, word) in text
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .enumerate()
    {
        let pid = i32::from_str(BStr::from_bytes(word))?;
        *pids.get_mut(i).ok_or(E2BIG)? = if pid > 0 { pid } else { return Err(EINVAL) };
    }
    for (task, pid) in table.0.iter().zip(pids) {
        task.pid.store(0, Relaxed);
        for (i, before) in task.before.iter().enumerate() {
            before.store(task.counters.sum(i), Relaxed);
        }
        task.pid.store(pid, Relaxed);
    }
    Ok(())
}

struct TaskTracer {
    _probes: ProbeSet,
    _file: report::File<Table>,
}

impl kernel::Module for TaskTracer {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let table = Arc::new(Table::new()?, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        // kmalloc() of a constant size, and of any other.
        set.kprobe(
            Target::first_of(&[c"__kmalloc_cache_noprof", c"kmalloc_trace"]),
            Allocations::<2>(table.clone()),
        )?;
        set.kprobe(
            Target::first_of(&[c"__kmalloc_noprof", c"__kmalloc"]),
            Allocations::<0>(table.clone()),
        )?;
        set.kprobe(Target::symbol(c"kfree"), Calls::<KFREE>(table.clone()))?;
        set.kprobe(
            Target::symbol(c"schedule"),
            Calls::<SCHEDULE>(table.clone()),
        )?;
        // A kernel that checks its locks has mutex_lock() as a macro.
        let lock = if cfg!(CONFIG_DEBUG_LOCK_ALLOC) {
            c"mutex_lock_nested"
        } else {
            c"mutex_lock"
        };
        set.kprobe(Target::symbol(lock), Calls::<LOCK>(table.clone()))?;
        set.kprobe(
            Target::symbol(c"mutex_unlock"),
            Calls::<UNLOCK>(table.clone()),
        )?;
        Ok(Self {
            _probes: set.register()?,
            _file: report::File::writable(c"tasks", table, show, choose)?,
        })
    }
}
