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
//! `holders.json` has the same for programs, `holders.folded` the nanoseconds for flame graphs. The filter is for who locks. Waiting is
//! not counted; that the stack is collected is, as the lock is held meanwhile.

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

/// A mutex, the stack that has locked it, and nothing.
#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Holder(usize, StackId, u32);

struct Locks {
    /// The mutexes that are locked: by which stack, which thread, and since when.
    held: Map<usize, (StackId, i32, u64)>,
    holders: PerCpuMap<Holder, Summary>,
    stacks: Stacks,
}

/// Those that lock mutexes, and what they return if they have, unless they always do. Kernels that check their locks have others.
const FUNCTIONS: [(&CStr, Option<i32>); 11] = [
    (c"mutex_lock", None),
    (c"mutex_lock_nested", None),
    (c"mutex_lock_io", None),
    (c"mutex_lock_io_nested", None),
    (c"mutex_lock_interruptible", Some(0)),
    (c"mutex_lock_interruptible_nested", Some(0)),
    (c"mutex_lock_killable", Some(0)),
    (c"mutex_lock_killable_nested", Some(0)),
    (c"_mutex_lock_killable", Some(0)),
    (c"mutex_trylock", Some(1)),
    (c"_mutex_trylock_nest_lock", Some(1)),
];

struct Lock(Arc<Locks>, Option<i32>);

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
        if [None, Some(cx.return_value() as i32)].contains(&self.1) {
            let (pid, since) = (cx.pid(), cx.timestamp());
            let stack = cx.kernel_stack_id(&self.0.stacks);
            // If there is no room, the map counts that.
            let _ = self.0.held.insert(*lock, (stack, pid, since));
        }
    }
}

struct Unlock(Arc<Locks>);

#[vtable]
impl kprobe::Handler for Unlock {
    fn pre(&self, cx: &PreContext<'_>) {
        let lock = cx.regs().arg(0);
        // It is not there if it was locked before, or by somebody else.
        if let Ok((stack, _, since)) = self.0.held.remove(&lock) {
            let holder = Holder(lock, stack, 0);
            self.0.holders.record(&holder, cx.elapsed(since));
        }
    }
}

fn show((locks, probes): &(Arc<Locks>, ProbeSet), report: &mut Report<'_>) -> Result {
    let (held, holders, top) = (&locks.held, &locks.holders, params::top.value());
    let place = |lock, stack| (Symbol(lock), Stack::kernel(&locks.stacks, stack));
    let mut table = Table::new(&["lock", "stack", "holds", "average", "max", "total"]);
    for (Holder(lock, stack, _), times) in holders.snapshot()? {
        let times_ns = [times.average(), times.max(), times.sum()].map(Nanoseconds);
        table.add(place(lock, stack), (times.count(), times_ns));
    }
    table.sort_by_most(|(_, [_, max, _])| *max);
    report.table("holders", table.top(top))?;

    let now = context::timestamp();
    let mut table = Table::new(&["lock", "stack", "pid", "since"]);
    for (lock, (stack, pid, since)) in held.iter() {
        let since = Nanoseconds(now.saturating_sub(since));
        table.add(place(lock, stack), (pid, since));
    }
    table.sort_by_most(|(_, since)| *since);
    report.table("held now", table.top(top))?;
    report.value("no room", &(held.stats().refused + holders.stats().refused))?;
    report.value("missed", &probes.missed())
}

struct LockStat(#[expect(dead_code)] report::File<(Arc<Locks>, ProbeSet)>);

impl kernel::Module for LockStat {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let capacity = params::capacity.value();
        let holders = PerCpuMap::new(capacity).inspect_err(|_| {
            pr_err!("capacity={capacity}: it is 1 to 16777216, as far as there is memory\n")
        })?;
        let locks = Locks {
            held: Map::new(8192)?,
            holders,
            stacks: Stacks::new(capacity, 32)?,
        };
        let locks = Arc::new(locks, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        for (name, locked) in FUNCTIONS {
            // Many may wait for mutexes.
            let (options, lock) = (Options::maxactive(512), Lock(locks.clone(), locked));
            let member = set.kretprobe(Target::symbol(name), options, lock)?;
            member.optional();
        }
        set.kprobe(Target::symbol(c"mutex_unlock"), Unlock(locks.clone()))?;
        let shown = Arc::new((locks, set.register()?), GFP_KERNEL)?;
        let file = report::File::with_folded(c"holders", shown, show)?;
        Ok(Self(file))
    }
}
