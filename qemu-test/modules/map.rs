// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Maps: one by one what they do, then by threads on all CPUs at once, which interrupts whose handlers use the same maps interrupt,
//! against a model of what must be in them. Prints what it has found to be right; it does not load if something is not.

use core::{ffi::c_void, hint::black_box};

use kernel::{
    error::to_result,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use rprobes::{
    aggregate::{Linear, Log2},
    kprobe::{self, Kprobe, PreContext},
    map::{Refusal, Stats},
    Aggregate, Counters, Map, PerCpuMap, Summary, Target,
};
use zerocopy_derive::Immutable;

rprobes::module! {
    type: Maps,
    name: "map",
    authors: ["The rprobes authors"],
    description: "Uses maps in all ways",
    license: "GPL",
    params: {
        operations: u32 { default: 1000000, description: "How often threads use the maps, all together" },
    },
}

extern "C" {
    fn rprobes_map_inside(key: usize) -> usize;
    fn rprobes_map_run(
        work: extern "C" fn(*mut c_void, c_uint),
        arg: *mut c_void,
        count: c_uint,
        meanwhile: extern "C" fn(*mut c_void),
    ) -> c_int;
}

fn inside(key: usize) -> usize {
    // SAFETY: It returns what it is given.
    unsafe { rprobes_map_inside(black_box(key)) }
}

/// Fails, and says where, unless it is true.
macro_rules! check {
    ($condition:expr) => {
        check!($condition, "")
    };
    ($condition:expr, $($text:tt)*) => {
        if !$condition {
            pr_err!("line {}: {} is wrong: {}\n", line!(), stringify!($condition), fmt!($($text)*));
            return Err(EINVAL);
        }
    };
}

#[derive(Clone, Copy, PartialEq, Eq, IntoBytes, Immutable)]
#[repr(C)]
struct Pair {
    pid: u32,
    fd: u32,
    inode: u64,
}

fn one_by_one() -> Result {
    let map = Map::<u32, u64>::new(3)?;
    check!(map.is_empty() && map.get(&1) == Err(Refusal::Absent));
    check!(map.insert(1, 10) == Ok(None) && map.insert(1, 11) == Ok(Some(10)));
    check!(map.get(&1) == Ok(11));
    check!(map.update(&1, |value| core::mem::replace(value, 12)) == Ok(11));
    check!(map.update(&2, |value| *value) == Err(Refusal::Absent));
    check!(map.update_or_insert(2, || 20, |value| *value += 1) == Ok(()));
    check!(map.update_or_insert(2, || 30, |value| *value += 1) == Ok(()));
    check!(map.get(&2) == Ok(22) && map.insert(3, 30) == Ok(None) && map.len() == 3);
    // It is full.
    check!(map.insert(4, 40) == Err(Refusal::Full));
    check!(map.update_or_insert(5, || 50, |_| ()) == Err(Refusal::Full));
    check!(map.insert(3, 31) == Ok(Some(30)));
    let mut sum = (0, 0);
    map.iter()
        .for_each(|(key, value)| sum = (sum.0 + key, sum.1 + value));
    check!(sum == (6, 12 + 22 + 31));
    check!(map.remove(&2) == Ok(22) && map.remove(&2) == Err(Refusal::Absent));
    check!(map.insert(4, 40) == Ok(None));
    let Stats {
        capacity,
        bytes,
        entries,
        refused,
        evicted,
        busy,
    } = map.stats();
    check!((capacity, entries, refused, evicted, busy) == (3, 3, 2, 0, 0));
    check!(bytes == 4 * 8 + 3 * 24, "{bytes}");
    check!(map.drain().next().is_some() && map.len() == 2);
    map.clear();
    check!(map.is_empty() && map.iter().next().is_none());
    for key in 0..3 {
        check!(map.insert(key, 0) == Ok(None));
    }
    pr_info!("one by one\n");

    // Keys of several words; all that differ in one are others.
    let map = Map::<Pair, u32>::new(256)?;
    for i in 0..256 {
        let key = Pair {
            pid: i & 3,
            fd: (i >> 2) & 3,
            inode: u64::from(i >> 4) << 60,
        };
        check!(map.insert(key, i) == Ok(None));
    }
    for (key, i) in map.iter() {
        check!(key.inode >> 60 == u64::from(i >> 4) && key.pid == i & 3 && key.fd == (i >> 2) & 3);
    }
    check!(map.iter().count() == 256);
    // Of other sizes, the name of a thread among them.
    let map = Map::<[u8; 3], ()>::new(4)?;
    check!(map.insert([1, 2, 3], ()) == Ok(None) && map.get(&[1, 2, 4]) == Err(Refusal::Absent));
    let map = Map::<rprobes::context::Comm, u8>::new(4)?;
    check!(map.insert(rprobes::context::Comm(*b"init\0\0\0\0\0\0\0\0\0\0\0\0"), 1) == Ok(None));
    pr_info!("keys\n");

    let map = Map::<u64, u64>::evicting(64)?;
    check!(map.insert(0, 0) == Ok(None));
    for key in 1..1000 {
        check!(map.insert(key, key) == Ok(None) && map.get(&key) == Ok(key));
        // This one is used all the time.
        check!(map.get(&0) == Ok(0));
    }
    let stats = map.stats();
    check!((stats.entries, stats.evicted, stats.refused) == (64, 936, 0));
    // The others are mostly the latest.
    let recent = map.iter().filter(|(key, _)| *key >= 900).count();
    check!(recent >= 48, "{recent}");
    pr_info!("evicted\n");

    check!(matches!(Map::<u32, u32>::new(0), Err(e) if e == EINVAL));
    check!(matches!(Map::<u32, u32>::evicting(0), Err(e) if e == EINVAL));
    // More than there may be; more than the kernel allocates at once; more than there is; most of what a guest has.
    for capacity in [usize::MAX, 1 << 24, (1 << 24) - 1, 3 << 20, 1_200_000] {
        check!(matches!(Map::<u64, [u64; 64]>::new(capacity), Err(e) if e == ENOMEM));
    }
    check!(matches!(PerCpuMap::<u64, Log2>::new(0), Err(e) if e == EINVAL));
    check!(matches!(PerCpuMap::<u64, Log2>::new(usize::MAX), Err(e) if e == ENOMEM));
    check!(matches!(PerCpuMap::<u64, Log2>::new(1 << 24), Err(e) if e == ENOMEM));
    check!(matches!(PerCpuMap::<u64, Log2>::new(400_000), Err(e) if e == ENOMEM));
    pr_info!("refused\n");
    Ok(())
}

fn aggregates() -> Result {
    let mut summary = Summary::empty();
    check!(
        (
            summary.count(),
            summary.min(),
            summary.max(),
            summary.average()
        ) == (0, 0, 0, 0)
    );
    for value in [30, 10, 21] {
        summary.add(value);
    }
    check!((summary.count(), summary.sum()) == (3, 61));
    check!((summary.min(), summary.max(), summary.average()) == (10, 30, 20));
    let mut other = Summary::empty();
    other.add(5);
    other.merge(&summary);
    check!((other.count(), other.min(), other.max()) == (4, 5, 30));

    let mut log2 = Log2::empty();
    for value in [0, 1, 2, 3, u64::MAX] {
        log2.add(value);
    }
    check!(log2.counts()[..3] == [1, 1, 2] && log2.counts()[64] == 1 && log2.count() == 5);
    let mut linear = Linear::<100, 20, 7>::empty();
    for value in [0, 99, 100, 119, 120, 199, 200, u64::MAX] {
        linear.add(value);
    }
    check!((linear.below(), linear.above(), linear.count()) == (2, 2, 8));
    check!(linear.counts() == [2, 1, 0, 0, 1]);

    let map = PerCpuMap::<u32, Summary>::new(2)?;
    check!(map.record(&1, 10) && map.record(&1, 20) && map.record(&2, 5));
    // Threads move, and each CPU has room for as many.
    let mut keys = 3..100;
    check!(!keys.all(|key| map.record(&key, 1)));
    check!(map.stats().refused == 1 && map.stats().capacity == 2);
    check!(map.get(&1).is_some_and(|summary| summary.sum() == 30) && map.get(&1000).is_none());
    let all = map.snapshot()?;
    check!(all
        .iter()
        .any(|(key, value)| *key == 2 && value.count() == 1));
    check!(map.take()?.len() == all.len() && map.take()?.is_empty());
    check!(map.record(&5, 1) && map.get(&5).is_some());
    map.clear();
    check!(map.snapshot()?.is_empty() && map.stats().entries == 0);
    check!(map.record(&5, 7) && map.get(&5).is_some_and(|summary| summary.sum() == 7));
    pr_info!("aggregates\n");
    Ok(())
}

/// Uses a map in its handler, while the same map is used by who is probed.
struct Nested {
    map: Map<usize, usize>,
    others: Map<usize, usize>,
    seen: Counters<3>,
}

#[vtable]
impl kprobe::Handler for Nested {
    fn pre(&self, cx: &PreContext<'_>) {
        let key = cx.regs().arg(0);
        match self.map.get(&key) {
            Err(Refusal::Busy) => self.seen.inc::<0>(),
            _ => self.seen.inc::<1>(),
        }
        if self.others.update_or_insert(key, || 0, |n| *n += 1).is_ok() {
            self.seen.inc::<2>();
        }
    }
}

/// A hit in a closure is refused what that has locked, and waits for nothing.
fn in_closures() -> Result {
    let nested = Nested {
        map: Map::new(16)?,
        others: Map::new(16)?,
        seen: Counters::new()?,
    };
    let probe = KBox::pin_init(
        Kprobe::new(Target::symbol(c"map:rprobes_map_inside"), nested),
        GFP_KERNEL,
    )?;
    let Nested { map, others, seen } = probe.handler();
    check!(map.insert(7, 1) == Ok(None));
    for _ in 0..100 {
        check!(map.update(&7, |value| *value += inside(7)) == Ok(()));
        inside(7);
    }
    check!(map.get(&7) == Ok(701));
    check!((seen.sum(0), seen.sum(1), seen.sum(2)) == (100, 100, 200));
    check!(others.get(&7) == Ok(200) && map.stats().busy == 100);
    // So is the closure itself.
    check!(map.update(&7, |_| map.get(&7)) == Ok(Err(Refusal::Busy)));
    check!(map.update_or_insert(8, || 0, |_| map.remove(&8)) == Ok(Err(Refusal::Busy)));
    check!(map.get(&8) == Ok(0));
    pr_info!("in closures\n");
    Ok(())
}

const THREADS: usize = 4;
/// Keys that each thread has for itself, that are there all the time, and that all share.
const OWN: usize = 256;
const CONSTANT: usize = 64;
const SHARED: usize = 8;

/// Both halves are written together.
#[derive(Clone, Copy)]
struct Twin(u64, u64);

impl Twin {
    fn new(n: u64) -> Self {
        Self(n, !n)
    }

    fn is_whole(&self) -> bool {
        self.0 == !self.1
    }
}

struct Shared {
    map: Map<usize, Twin>,
    /// Small, so that it is always full.
    evicting: Map<usize, Twin>,
    /// What threads insert, and the main one drains.
    queue: Map<u64, u64>,
    sums: PerCpuMap<u32, Summary>,
    /// Updates of shared keys that went well, and all calls that were refused as busy, of `map`.
    updated: Counters<1>,
    busy: Counters<1>,
    /// What went into `queue`, the sum of it, what was recorded in `sums`, and the sum of that.
    queued: Counters<2>,
    recorded: Counters<2>,
    ticks: Counters<1>,
    /// What the main one has taken out of `queue` and `sums`.
    drained: [Atomic<u64>; 2],
    taken: [Atomic<u64>; 2],
    rounds: Atomic<u64>,
    wrong: Atomic<u32>,
}

impl Shared {
    fn new() -> Result<Self> {
        Ok(Self {
            map: Map::new(THREADS * OWN + CONSTANT + SHARED)?,
            evicting: Map::evicting(32)?,
            queue: Map::new(512)?,
            sums: PerCpuMap::new(64)?,
            updated: Counters::new()?,
            busy: Counters::new()?,
            queued: Counters::new()?,
            recorded: Counters::new()?,
            ticks: Counters::new()?,
            drained: [const { Atomic::new(0) }; 2],
            taken: [const { Atomic::new(0) }; 2],
            rounds: Atomic::new(0),
            wrong: Atomic::new(0),
        })
    }

    fn wrong(&self, line: u32) {
        if self.wrong.xchg(line, Relaxed) == 0 {
            pr_err!("line {}: wrong\n", line);
        }
    }

    /// What threads and interrupts do.
    fn common(&self, random: u64) {
        let key = THREADS * OWN + CONSTANT + (random >> 8) as usize % SHARED;
        let add = |twin: &mut Twin| {
            if !twin.is_whole() {
                self.wrong(line!());
            }
            twin.0 += 1;
            // On another CPU somebody else goes on, and waits for this one.
            if random & 0x1f == 0 {
                core::hint::spin_loop();
            }
            twin.1 -= 1;
        };
        match self.map.update_or_insert(key, || Twin::new(0), add) {
            Ok(()) => self.updated.inc::<0>(),
            Err(Refusal::Busy) => self.busy.inc::<0>(),
            Err(_) => self.wrong(line!()),
        }
        let _ = self
            .evicting
            .insert((random >> 16) as usize & 0x7f, Twin::new(random));
        if self
            .evicting
            .get(&((random >> 24) as usize & 0x7f))
            .is_ok_and(|twin| !twin.is_whole())
        {
            self.wrong(line!());
        }
        let _ = self.evicting.remove(&((random >> 32) as usize & 0x7f));
        let value = random >> 40 & 0xff;
        if self.sums.record(&((random >> 48) as u32 & 0x1f), value) {
            self.recorded.inc::<0>();
            self.recorded.add::<1>(value);
        }
    }
}

/// In interrupts.
struct Tick(Arc<Shared>);

#[vtable]
impl kprobe::Handler for Tick {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.ticks.inc::<0>();
        self.0
            .common(cx.timestamp().wrapping_mul(0x9e37_79b9_7f4a_7c15));
    }
}

/// A thread. Nobody else uses its own keys, so it knows what there is.
extern "C" fn work(shared: *mut c_void, thread: c_uint) {
    // SAFETY: `at_once` has it, and waits for this.
    let shared = unsafe { &*shared.cast::<Shared>() };
    let thread = thread as usize;
    let Ok(mut model) = KVVec::from_elem(None::<u64>, OWN, GFP_KERNEL) else {
        return shared.wrong(line!());
    };
    let mut random = 0x1234_5678_9abc_def1u64 + thread as u64;
    for i in 0..u64::from(params::operations.value()) / THREADS as u64 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if random & 3 == 0 {
            shared.common(random);
            continue;
        }
        let n = (random >> 16) as usize % OWN;
        let (key, value) = (thread * OWN + n, random >> 24);
        let was = model[n];
        let same = |found: Result<Twin, Refusal>| match (found, was) {
            (Ok(twin), Some(was)) => twin.is_whole() && twin.0 == was,
            (Err(Refusal::Absent), None) => true,
            _ => false,
        };
        let busy = |refusal| refusal == Some(Refusal::Busy);
        match random >> 2 & 7 {
            0 | 1 => match shared.map.insert(key, Twin::new(value)) {
                Ok(before) if before.map(|twin| twin.0) == was => model[n] = Some(value),
                other if busy(other.err()) => shared.busy.inc::<0>(),
                _ => shared.wrong(line!()),
            },
            2 | 3 => match shared.map.remove(&key) {
                found if same(found) => model[n] = None,
                other if busy(other.err()) => shared.busy.inc::<0>(),
                _ => shared.wrong(line!()),
            },
            4 => match shared.map.update_or_insert(
                key,
                || Twin::new(0),
                |twin| *twin = Twin::new(twin.0 + 1),
            ) {
                Ok(()) => model[n] = Some(was.unwrap_or(0) + 1),
                Err(Refusal::Busy) => shared.busy.inc::<0>(),
                Err(_) => shared.wrong(line!()),
            },
            5 => match shared
                .map
                .update(&key, |twin| core::mem::replace(twin, Twin::new(value)))
            {
                found if same(found) => model[n] = was.map(|_| value),
                other if busy(other.err()) => shared.busy.inc::<0>(),
                _ => shared.wrong(line!()),
            },
            6 => match shared.map.get(&key) {
                found if same(found) => (),
                other if busy(other.err()) => shared.busy.inc::<0>(),
                _ => shared.wrong(line!()),
            },
            _ => {
                let key = i << 8 | thread as u64;
                if shared.queue.insert(key, key * 3).is_ok() {
                    shared.queued.inc::<0>();
                    shared.queued.add::<1>(key);
                }
            }
        }
    }
    for (n, was) in model.iter().enumerate() {
        match shared.map.get(&(thread * OWN + n)) {
            Ok(twin) if twin.is_whole() && Some(twin.0) == *was => (),
            Err(Refusal::Absent) if was.is_none() => (),
            Err(Refusal::Busy) => shared.busy.inc::<0>(),
            _ => shared.wrong(line!()),
        }
    }
}

/// What process context does meanwhile: reads everything.
extern "C" fn read(shared: *mut c_void) {
    // SAFETY: `at_once` has it, and calls this indirectly.
    let shared = unsafe { &*shared.cast::<Shared>() };
    shared.rounds.fetch_add(1, Relaxed);
    let mut constant = 0;
    let busy = shared.map.stats().busy;
    for (key, twin) in shared.map.iter() {
        if !twin.is_whole() {
            shared.wrong(line!());
        }
        if (THREADS * OWN..THREADS * OWN + CONSTANT).contains(&key) {
            constant += 1;
        }
    }
    if constant != CONSTANT && shared.map.stats().busy == busy {
        shared.wrong(line!());
    }
    for (key, value) in shared.queue.drain() {
        if value != key * 3 {
            shared.wrong(line!());
        }
        shared.drained[0].fetch_add(1, Relaxed);
        shared.drained[1].fetch_add(key, Relaxed);
    }
    let Ok(sums) = shared.sums.take() else {
        return shared.wrong(line!());
    };
    for (_, sum) in &sums {
        shared.taken[0].fetch_add(sum.count(), Relaxed);
        shared.taken[1].fetch_add(sum.sum(), Relaxed);
    }
}

fn at_once() -> Result {
    let shared = Arc::new(Shared::new()?, GFP_KERNEL)?;
    for n in 0..CONSTANT {
        check!(shared
            .map
            .insert(THREADS * OWN + n, Twin::new(n as u64))
            .is_ok());
    }
    let tick = Target::symbol(c"map:rprobes_map_tick");
    let probe = KBox::pin_init(Kprobe::new(tick, Tick(shared.clone())), GFP_KERNEL)?;
    let arg = (&raw const *shared).cast_mut().cast();
    // SAFETY: Both functions take a `Shared`, which is there until this returns.
    to_result(unsafe { rprobes_map_run(work, arg, THREADS as c_uint, read) })?;
    drop(probe);
    // What is left.
    read(arg);
    check!(
        shared.wrong.load(Relaxed) == 0,
        "line {}",
        shared.wrong.load(Relaxed)
    );
    let shared_keys =
        (0..SHARED).filter_map(|n| shared.map.get(&(THREADS * OWN + CONSTANT + n)).ok());
    let sum: u64 = shared_keys.map(|twin| twin.0).sum();
    check!(
        sum == shared.updated.sum(0),
        "{} and {}",
        sum,
        shared.updated.sum(0)
    );
    // Those that read count, too.
    check!(shared.map.stats().busy >= shared.busy.sum(0));
    check!(shared.map.stats().refused == 0 && shared.map.iter().count() == shared.map.len());
    let (drained, taken) = (&shared.drained, &shared.taken);
    check!(
        drained[0].load(Relaxed) == shared.queued.sum(0)
            && drained[1].load(Relaxed) == shared.queued.sum(1)
    );
    check!(shared.queue.is_empty());
    check!(
        taken[0].load(Relaxed) == shared.recorded.sum(0)
            && taken[1].load(Relaxed) == shared.recorded.sum(1)
    );
    let evicting = shared.evicting.stats();
    check!(
        evicting.entries <= 32
            && evicting.evicted > 0
            && shared.evicting.iter().count() == evicting.entries
    );
    pr_info!(
        "at once: {} updates, {} in interrupts, {} busy, read {} times\n",
        sum,
        shared.ticks.sum(0),
        shared.map.stats().busy,
        shared.rounds.load(Relaxed)
    );
    pr_info!(
        "{} queued, {} recorded, {} evicted\n",
        shared.queued.sum(0),
        shared.recorded.sum(0),
        evicting.evicted
    );
    Ok(())
}

struct Maps;

impl kernel::Module for Maps {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        one_by_one()?;
        aggregates()?;
        in_closures()?;
        at_once()?;
        Ok(Self)
    }
}
