// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What chosen processes ask of the kernel: allocations, context switches, mutexes. Write their PIDs to
//! `/sys/kernel/debug/task_tracer/tasks`, and read the table from there.

use kernel::{
    debugfs::{Dir, File},
    fmt,
    prelude::*,
    str::{parse_int::ParseInt, BStr},
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
    uaccess::UserSliceReader,
};
use rprobes::{
    kprobe::{self, PreContext},
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
const COLUMNS: [&str; 6] = [
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

fn show(table: &Arc<Table>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{:>8}", "pid")?;
    COLUMNS
        .iter()
        .try_for_each(|name| write!(f, " {name:>12}"))?;
    writeln!(f)?;
    for task in table.0.iter().filter(|task| task.pid.load(Relaxed) != 0) {
        write!(f, "{:>8}", task.pid.load(Relaxed))?;
        for (i, before) in task.before.iter().enumerate() {
            write!(
                f,
                " {:>12}",
                task.counters.sum(i).wrapping_sub(before.load(Relaxed))
            )?;
        }
        writeln!(f)?;
    }
    Ok(())
}

/// Takes up to eight PIDs, with blanks between, in the place of those before.
fn choose(table: &Arc<Table>, reader: &mut UserSliceReader) -> Result {
    let mut text = [0; 128];
    let text = text.get_mut(..reader.len()).ok_or(E2BIG)?;
    reader.read_slice(text)?;
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

#[pin_data]
struct TaskTracer {
    probes: ProbeSet,
    #[pin]
    file: File<Arc<Table>>,
}

impl kernel::InPlaceModule for TaskTracer {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
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
            Ok(try_pin_init!(Self {
                probes: set.register()?,
                file <- Dir::new(c"task_tracer").read_write_callback_file(c"tasks", table, &show, &choose),
            }))
        })
    }
}
