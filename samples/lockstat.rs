// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Who holds mutexes for long: by the mutex, and the stack that has locked it, how often, and for how long on average, at most and
//! in all; and who holds one now.
//!
//! ```text
//! # insmod lockstat.ko top=5 filter='comm=ip'
//! # cat /sys/kernel/debug/lockstat/holders
//! holders:
//! lock                   holds  average  max      total
//! rtnl_mutex+0x0/0x20        3  41.2 us  98.7 us  123 us
//!     rtnetlink_rcv_msg+0x11a/0x3d0
//!     netlink_rcv_skb+0x54/0x100
//!     …
//! ```
//!
//! `holders.json` has the same for programs, `holders.folded` the nanoseconds for flame graphs. The filter is for who locks. From when
//! the lock is taken until `mutex_unlock()` begins, waiting is not counted; that the stack is collected is, as the lock is held meanwhile.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    context,
    kprobe::{self, PreContext},
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    report::{self, Nanoseconds, Report, Stack, Table},
    Map, PerCpuMap, ProbeSet, StackId, Stacks, Summary, Symbol, Target,
};
use zerocopy_derive::Immutable;

rprobes::module! {
    type: LockStat,
    name: "lockstat",
    authors: ["The rprobes authors"],
    description: "Shows who holds mutexes for long",
    license: "GPL",
    params: {
        top: usize { default: 10, description: "How many holders to show: those that held a mutex for longest" },
        capacity: usize { default: 4096, description: "How many holders to know of" },
        filter: filter { description: "Who locks: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

/// A mutex, and the stack that has locked it.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Holder {
    lock: usize,
    stack: StackId,
    unused: u32,
}

/// A mutex that is locked.
#[derive(Clone, Copy)]
struct Held {
    stack: StackId,
    pid: i32,
    since: u64,
}

struct Locks {
    held: Map<usize, Held>,
    holders: PerCpuMap<Holder, Summary>,
    stacks: Stacks,
}

/// What a function that locks returns, if it has.
#[derive(Clone, Copy)]
enum Locked {
    Always,
    Zero,
    One,
}

/// Those of a kernel that checks its locks have other names.
const FUNCTIONS: [(&[&CStr], Locked); 5] = [
    (&[c"mutex_lock", c"mutex_lock_nested"], Locked::Always),
    (&[c"mutex_lock_io", c"mutex_lock_io_nested"], Locked::Always),
    (
        &[
            c"mutex_lock_interruptible",
            c"mutex_lock_interruptible_nested",
        ],
        Locked::Zero,
    ),
    (
        &[
            c"mutex_lock_killable",
            c"mutex_lock_killable_nested",
            c"_mutex_lock_killable",
        ],
        Locked::Zero,
    ),
    (
        &[c"mutex_trylock", c"_mutex_trylock_nest_lock"],
        Locked::One,
    ),
];

struct Lock(Arc<Locks>, Locked);

#[vtable]
impl kretprobe::Handler for Lock {
    /// The mutex.
    type Data = usize;

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<usize> {
        if !params::filter.matches(cx) {
            return Entry::Skip;
        }
        Entry::Trace(cx.regs().arg(0))
    }

    fn ret(&self, cx: &RetContext<'_>, lock: &usize) {
        let is_locked = matches!(
            (self.1, cx.return_value() as i32),
            (Locked::Always, _) | (Locked::Zero, 0) | (Locked::One, 1)
        );
        if is_locked {
            let (pid, since) = (cx.pid(), cx.timestamp());
            let stack = cx.kernel_stack_id(&self.0.stacks);
            // If there is no room, the map counts that.
            let _ = self.0.held.insert(*lock, Held { stack, pid, since });
        }
    }
}

struct Unlock(Arc<Locks>);

#[vtable]
impl kprobe::Handler for Unlock {
    fn pre(&self, cx: &PreContext<'_>) {
        let lock = cx.regs().arg(0);
        // It is not there if it was locked before, or by somebody else.
        if let Ok(Held { stack, since, .. }) = self.0.held.remove(&lock) {
            // The clocks of two CPUs may differ.
            let time = cx.timestamp().saturating_sub(since);
            self.0.holders.record(
                &Holder {
                    lock,
                    stack,
                    unused: 0,
                },
                time,
            );
        }
    }
}

/// What the file shows.
struct Shown {
    locks: Arc<Locks>,
    probes: ProbeSet,
}

impl Shown {
    fn show(&self, report: &mut Report<'_>) -> Result {
        let Locks {
            held,
            holders,
            stacks,
        } = &*self.locks;
        let place = |lock, stack| (Symbol(lock), Stack::kernel(stacks, stack));
        let mut table = Table::new(&["lock", "stack", "holds", "average", "max", "total"]);
        for (Holder { lock, stack, .. }, times) in holders.snapshot()? {
            let times_ns = [times.average(), times.max(), times.sum()].map(Nanoseconds);
            table.add(place(lock, stack), (times.count(), times_ns));
        }
        table
            .sort_by_most(|(_, [_, max, _])| *max)
            .top(params::top.value());
        report.table("holders", &table)?;

        let now = context::timestamp();
        let mut table = Table::new(&["lock", "stack", "pid", "since"]);
        for (lock, Held { stack, pid, since }) in held.iter() {
            table.add(
                place(lock, stack),
                (pid, Nanoseconds(now.saturating_sub(since))),
            );
        }
        table
            .sort_by_most(|(_, since)| *since)
            .top(params::top.value());
        report.table("held now", &table)?;

        report.value("no room", &(held.stats().refused + holders.stats().refused))?;
        let missed = self
            .probes
            .stats()
            .flatten()
            .map(|(_, stats)| stats.missed + stats.exhausted);
        report.value("missed", &missed.sum::<usize>())
    }
}

struct LockStat {
    _file: report::File<Shown>,
}

impl kernel::Module for LockStat {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let capacity = params::capacity.value();
        let locks = Locks {
            held: Map::new(8192)?,
            holders: PerCpuMap::new(capacity).inspect_err(|_| {
                pr_err!("capacity={capacity}: it is 1 to 16777216, as far as there is memory\n")
            })?,
            stacks: Stacks::new(capacity, 32)?,
        };
        let locks = Arc::new(locks, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        // Many may wait for mutexes.
        let options = Options {
            maxactive: 512,
            ..Options::default()
        };
        for (names, locked) in FUNCTIONS {
            set.kretprobe(
                Target::first_of(names),
                options,
                Lock(locks.clone(), locked),
            )?;
        }
        set.kprobe(Target::symbol(c"mutex_unlock"), Unlock(locks.clone()))?;
        let probes = set.register()?;
        let shown = Arc::new(Shown { locks, probes }, GFP_KERNEL)?;
        Ok(Self {
            _file: report::File::with_folded(c"holders", shown, Shown::show)?,
        })
    }
}
