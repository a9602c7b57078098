// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What handlers remember by a key: for a thread, a file, an address.
//!
//! # Why none of the kernel's own
//!
//! A probe may hit anywhere: with interrupts off, in a non-maskable one, or in the middle of what its own handler does elsewhere.
//!
//! | | does not do for handlers, because |
//! |---|---|
//! | BPF's hash maps | their functions are not exported: only BPF programs and system calls reach them |
//! | `rhashtable` | it allocates as it grows, in a work item; a bucket's bit lock is waited for without end, by an NMI in its holder, too |
//! | `xarray`, radix tree, IDR | they allocate nodes, below a spinlock that an NMI would wait for without end; keys are integers |
//! | `maple_tree` | the same; it holds ranges |
//! | `hashtable.h` | has no lock of its own, and no memory |
//! | `llist`, `objpool`, `kfifo` | they are queues, in which nothing is found by a key |
//! | `rqspinlock` | waits with an end, as is needed, but since Linux 6.15 only |
//!
//! So there is a hash table here, whose memory is allocated at the start, and with locks that know who holds them.

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::atomic::{
        AtomicU32, AtomicU64,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use kernel::{alloc::flags::__GFP_NOWARN, prelude::*};

pub use super::key::Key;
use super::{key, Counters};
use crate::machine::{self, IrqOff, Irqs, PerCpuWord};

/// What handlers remember by a key. Memory is allocated at the start only, for a number of entries.
///
/// # Examples
///
/// How long calls take, where they may end on another CPU:
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{fprobe::{self, Entry, EntryContext, Functions, RetContext}, Fprobe, Histogram, Map};
///
/// struct Latency {
///     /// When it began, by thread.
///     begun: Map<i32, u64>,
///     taken: Histogram,
/// }
///
/// #[vtable]
/// impl fprobe::Handler for Latency {
///     type Data = ();
///
///     fn entry(&self, cx: &EntryContext<'_>) -> Entry<()> {
///         // If it is full, that is counted.
///         let _ = self.begun.insert(cx.pid(), cx.timestamp());
///         Entry::Trace(())
///     }
///
///     fn ret(&self, cx: &RetContext<'_>, _data: &()) {
///         if let Ok(begun) = self.begun.remove(&cx.pid()) {
///             self.taken.record(cx.timestamp().saturating_sub(begun));
///         }
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Fprobe<Latency>>>> {
///     let latency = Latency { begun: Map::new(1024)?, taken: Histogram::new()? };
///     KBox::pin_init(Fprobe::new(Functions::matching(c"vfs_*"), latency), GFP_KERNEL)
/// }
/// ```
///
/// # Contexts
///
/// Entries are inserted, looked up, changed and removed in any context, non-maskable interrupts included. Nothing sleeps or is
/// allocated. Each such call locks the part of the map that the key is in, one of about as many as there are entries, and
/// has interrupts off meanwhile; another CPU waits for it, a bounded time. So **closures are short**: they run with interrupts off,
/// and must not sleep, or wait for anything. They may use other maps, and this one, of which a part is refused them.
///
/// # What is lost
///
/// A call that finds the part locked by its own CPU does nothing, as it could wait for ever: that is a probe that hits in a closure,
/// or a non-maskable interrupt in the middle of a call. So is one that has waited too long for another CPU, as when a hypervisor has
/// stopped that one. Both are [`Refusal::Busy`], and counted: [`Stats::busy`]. So is what found no room: [`Stats::refused`]. Whatever
/// was not refused is in the map.
///
/// # Order
///
/// Calls with the same key happen one after the other, and each sees what those before it did. Of different keys nothing is said.
///
/// # Memory and time
///
/// An entry takes 8 bytes besides those of the key and the value, and 8 to 16 more for the table; [`Stats::bytes`] says how much that
/// is. To change the value of a key that is a number takes some 60 instructions on x86.
///
/// # Invariants
///
/// - There are `1 << n` buckets, and at most [`MOST`] entries.
/// - A bucket is locked by whoever has changed its `owner` from 0, until that is 0 again. `first` of a bucket, and what `first` leads
///   to over `next`, until [`END`], are the bucket's; their `home` is its number (besides [`USED`]), and their `pair` is initialised. Only who has
///   locked it reads or writes any of these, but for `home`, which all may read, and all may take [`USED`] from.
/// - Entries that `free` leads to, over `next`, until [`NONE`], are free; their `home` is [`FREE`]. Who has taken one from there owns it,
///   and who owns it writes to it, until it is in a bucket, or is free again. An entry is in one bucket, or free, or owned.
///
/// That holds wherever a call is interrupted, as nothing of it depends on the CPU or on interrupts: `owner` names the CPU only so that
/// nobody waits for what it has interrupted. A call that never ends, such as one whose closure has died of a bug, locks its bucket for
/// ever, and others are refused.
pub struct Map<K, V> {
    hash: key::Hash,
    irqs: Irqs,
    /// What a CPU locks buckets with: its number plus 1.
    owner: PerCpuWord,
    /// How many buckets there are, less 1.
    mask: u32,
    buckets: KVVec<Bucket>,
    entries: KVVec<Slot<K, V>>,
    /// The first free entry, and above it, from bit [`INDEX_BITS`], how often this was changed: nobody who was held up takes what
    /// was taken and freed since for what it was, unless that was 2^40 times.
    free: AtomicU64,
    /// Where to look for an entry to evict.
    hand: AtomicU32,
    evicts: bool,
    counts: Counters<COUNTS>,
}

/// What begins a chain of entries.
struct Bucket {
    /// The CPU that has locked it, plus 1, or 0.
    owner: AtomicU32,
    first: AtomicU32,
}

struct Slot<K, V> {
    next: AtomicU32,
    home: AtomicU32,
    pair: UnsafeCell<MaybeUninit<(K, V)>>,
}

/// How many bits the number of an entry has.
const INDEX_BITS: u32 = 24;
/// How many entries there may be in a map.
const MOST: usize = (1 << INDEX_BITS) - 1;
/// No entry.
const NONE: u32 = MOST as u32;
/// What ends a chain.
const END: u32 = NONE;
/// The home of an entry that is in no bucket.
const FREE: u32 = USED - 1;
/// In the home of an entry, that it was used since it was last considered for eviction.
const USED: u32 = 1 << 31;

/// How often another CPU's lock is looked at before one gives up: for about a millisecond, while locks are held for some
/// dozens of nanoseconds.
const PATIENCE: u32 = 1 << 14;

/// How many entries are considered for eviction before those that are in use are, too, and as many again.
const CONSIDERED: u32 = 32;

const COUNTS: usize = 5;
const INSERTED: usize = 0;
const REMOVED: usize = 1;
const EVICTED: usize = 2;
const REFUSED: usize = 3;
const BUSY: usize = 4;

// SAFETY: It owns keys and values, which are `Send`.
unsafe impl<K: Send, V: Send> Send for Map<K, V> {}
// SAFETY: By the type invariants a key and a value are used by one at a time, who copies them, and they are `Send`.
unsafe impl<K: Send, V: Send> Sync for Map<K, V> {}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The key is not there. Not counted.
    Absent,
    /// There is no room for another entry.
    Full,
    /// That part of the map is being changed by this very CPU, or for too long by another one.
    Busy,
}

impl From<Refusal> for Error {
    /// [`ENOENT`], [`ENOSPC`], [`EBUSY`].
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Absent => ENOENT,
            Refusal::Full => ENOSPC,
            Refusal::Busy => EBUSY,
        }
    }
}

/// How full a map is, and what it has lost.
#[derive(Clone, Copy, Debug)]
pub struct Stats {
    /// For how many entries there is room; in a [`PerCpuMap`](crate::PerCpuMap), on each CPU.
    pub capacity: usize,
    /// How many bytes of memory it takes.
    pub bytes: usize,
    /// How many there are; in a [`PerCpuMap`](crate::PerCpuMap), those of all CPUs.
    pub entries: usize,
    /// How often there was no room.
    pub refused: u64,
    /// How many entries were dropped for others.
    pub evicted: u64,
    /// How often a part of the map was locked.
    pub busy: u64,
}

impl Stats {
    /// How often something was not put into it: for want of room, or as a part of it was locked. Any context.
    pub const fn lost(&self) -> u64 {
        self.refused + self.busy
    }
}

impl<K: Key, V: Copy + Send> Map<K, V> {
    /// A map for `capacity` entries. When there are as many, others are refused. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for a capacity of 0; [`ENOMEM`] for one of more than 2^24 - 1, or that takes more than half of the memory that there is.
    pub fn new(capacity: usize) -> Result<Self> {
        Self::with(capacity, false)
    }

    /// A map for `capacity` entries. When there are as many, a new one takes the place of one that was not used for long: of about
    /// the one that was not for the longest. Process context.
    ///
    /// # Errors
    ///
    /// As for [`new`](Self::new).
    pub fn evicting(capacity: usize) -> Result<Self> {
        Self::with(capacity, true)
    }

    fn with(capacity: usize, evicts: bool) -> Result<Self> {
        const {
            assert!(
                size_of::<(K, V)>() <= 1024,
                "a key and its value are copied on the stack, and take 1024 bytes at most"
            )
        };
        if capacity == 0 {
            return Err(EINVAL);
        }
        if capacity > MOST {
            return Err(ENOMEM);
        }
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let count = capacity.next_power_of_two();
        machine::check_may_take(capacity, size_of::<Slot<K, V>>() + 2 * size_of::<Bucket>())?;
        // The larger one first, as this may fail.
        let mut entries = KVVec::with_capacity(capacity, flags)?;
        let mut buckets = KVVec::with_capacity(count, flags)?;
        for _ in 0..count {
            let bucket = Bucket {
                owner: AtomicU32::new(0),
                first: AtomicU32::new(END),
            };
            buckets.push(bucket, flags)?;
        }
        for i in 1..=capacity as u32 {
            let entry = Slot {
                next: AtomicU32::new(if i < capacity as u32 { i } else { NONE }),
                home: AtomicU32::new(FREE),
                pair: UnsafeCell::new(MaybeUninit::uninit()),
            };
            entries.push(entry, flags)?;
        }
        // INVARIANT: No bucket is locked or has entries; all are free, and lead to the next one.
        Ok(Self {
            hash: key::Hash::new(),
            irqs: Irqs::new(),
            owner: PerCpuWord::new(|cpu| u64::from(cpu) + 1)?,
            mask: count as u32 - 1,
            buckets,
            entries,
            free: AtomicU64::new(0),
            hand: AtomicU32::new(0),
            evicts,
            counts: Counters::new()?,
        })
    }

    /// A copy of the value of `key`. Any context.
    ///
    /// # Errors
    ///
    /// [`Refusal::Absent`], [`Refusal::Busy`].
    #[inline]
    pub fn get(&self, key: &K) -> Result<V, Refusal> {
        self.update(key, |value| *value)
    }

    /// Calls `f` with the value of `key`, for it to be changed, and returns what that returns. Any context; for what `f` may do
    /// see [the type](Self#contexts).
    ///
    /// # Errors
    ///
    /// [`Refusal::Absent`], [`Refusal::Busy`].
    #[inline]
    pub fn update<R>(&self, key: &K, f: impl FnOnce(&mut V) -> R) -> Result<R, Refusal> {
        // What is rare is called at the very end, so that nothing is saved for it before.
        match self.lock_now(key) {
            Some(bucket) => bucket.update(key, f),
            None => self.update_after_wait(*key, f),
        }
    }

    #[cold]
    #[inline(never)]
    fn update_after_wait<R>(&self, key: K, f: impl FnOnce(&mut V) -> R) -> Result<R, Refusal> {
        self.lock(&key)?.update(&key, f)
    }

    /// As [`update`](Self::update); if the key is not there, it is inserted first, with the value that `init` returns. Any context.
    ///
    /// # Errors
    ///
    /// [`Refusal::Full`], [`Refusal::Busy`].
    #[inline]
    pub fn update_or_insert<R>(
        &self,
        key: K,
        init: impl FnOnce() -> V,
        f: impl FnOnce(&mut V) -> R,
    ) -> Result<R, Refusal> {
        match self.lock_now(&key) {
            Some(bucket) => bucket.update_or_insert(key, init, f),
            None => self.update_or_insert_after_wait(key, init, f),
        }
    }

    #[cold]
    #[inline(never)]
    fn update_or_insert_after_wait<R>(
        &self,
        key: K,
        init: impl FnOnce() -> V,
        f: impl FnOnce(&mut V) -> R,
    ) -> Result<R, Refusal> {
        self.lock(&key)?.update_or_insert(key, init, f)
    }

    /// Sets the value of `key`, and returns the one it had, if it had one. Any context.
    ///
    /// # Errors
    ///
    /// [`Refusal::Full`], [`Refusal::Busy`].
    #[inline]
    pub fn insert(&self, key: K, value: V) -> Result<Option<V>, Refusal> {
        let mut bucket = self.lock(&key)?;
        match bucket.find(&key) {
            Some((_, i)) => Ok(Some(core::mem::replace(bucket.value(i), value))),
            None => bucket.add(key, value).map(|_| None),
        }
    }

    /// Removes `key`, and returns its value. Any context.
    ///
    /// # Errors
    ///
    /// [`Refusal::Absent`], [`Refusal::Busy`].
    #[inline]
    pub fn remove(&self, key: &K) -> Result<V, Refusal> {
        let mut bucket = self.lock(key)?;
        let (before, i) = bucket.find(key).ok_or(Refusal::Absent)?;
        let value = *bucket.value(i);
        bucket.unlink(before, i);
        self.give_back(i);
        self.counts.inc::<REMOVED>();
        Ok(value)
    }

    /// Copies of the entries, in no order, while others may change the map: each that is there all the time comes once; one that is
    /// inserted or removed meanwhile comes or does not, and one that is removed and inserted again may come twice. Those of parts that
    /// are [busy](Refusal::Busy) are missing, and counted. Process context, as it takes long; between two entries nothing is locked.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter {
            map: self,
            next: 0,
            removes: false,
        }
    }

    /// As [`iter`](Self::iter), and removes them: each value that was in the map comes out of it once. Those that are not
    /// taken from the iterator stay. Process context.
    #[must_use = "what is not taken from the iterator stays in the map"]
    pub fn drain(&self) -> Iter<'_, K, V> {
        Iter {
            map: self,
            next: 0,
            removes: true,
        }
    }

    /// Removes all entries that are there when it begins. Process context.
    pub fn clear(&self) {
        self.drain().for_each(drop);
    }

    /// How many entries there are; while others change the map, about so many. Any context.
    pub fn len(&self) -> usize {
        let gone = self.counts.sum(REMOVED) + self.counts.sum(EVICTED);
        // What is inserted and removed between these two is counted as removed only: so that first.
        self.counts.sum(INSERTED).saturating_sub(gone) as usize
    }

    /// Whether there are none. Any context.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How full it is, and what it has lost. Any context.
    pub fn stats(&self) -> Stats {
        Stats {
            capacity: self.entries.len(),
            bytes: self.buckets.len() * size_of::<Bucket>()
                + self.entries.len() * size_of::<Slot<K, V>>(),
            entries: self.len(),
            refused: self.counts.sum(REFUSED),
            evicted: self.counts.sum(EVICTED),
            busy: self.counts.sum(BUSY),
        }
    }

    /// Locks the bucket of `key`, if nobody has.
    #[inline(always)]
    fn lock_now(&self, key: &K) -> Option<Locked<'_, K, V>> {
        self.try_bucket(self.home(key)).ok()
    }

    /// Locks the bucket of `key`, and waits for it if another CPU has.
    #[inline(always)]
    fn lock(&self, key: &K) -> Result<Locked<'_, K, V>, Refusal> {
        let home = self.home(key);
        self.try_bucket(home).or_else(|_| self.wait(home))
    }

    #[inline(always)]
    fn home(&self, key: &K) -> u32 {
        self.hash.of(key) & self.mask
    }

    /// Locks a bucket, if nobody has; else returns whether this CPU has.
    #[inline(always)]
    fn try_bucket(&self, home: u32) -> Result<Locked<'_, K, V>, bool> {
        let irq = self.irqs.off();
        let bucket = self.bucket(home);
        let owner = self.owner.here() as u32;
        bucket.try_lock(owner).map_err(|found| found == owner)?;
        // INVARIANT: It is locked here, until that is dropped.
        Ok(Locked {
            map: self,
            bucket,
            home,
            _irq: irq,
        })
    }

    /// Locks a bucket, for which it waits a while if another CPU has.
    #[cold]
    #[inline(never)]
    fn wait(&self, home: u32) -> Result<Locked<'_, K, V>, Refusal> {
        let mut patience = PATIENCE;
        while patience > 0 {
            match self.try_bucket(home) {
                Ok(locked) => return Ok(locked),
                // What this has interrupted goes on only when this ends.
                Err(true) => break,
                Err(false) => patience -= 1,
            }
            while patience > 0 && self.bucket(home).owner.load(Relaxed) != 0 {
                patience -= 1;
                machine::relax();
            }
        }
        self.counts.inc::<BUSY>();
        Err(Refusal::Busy)
    }

    /// A bucket, by the home of one of its entries or of a key.
    #[inline(always)]
    fn bucket(&self, home: u32) -> &Bucket {
        // SAFETY: A home is at most `mask`.
        unsafe { self.buckets.get_unchecked(home as usize) }
    }

    /// # Safety
    ///
    /// `i` must be the number of an entry: less than how many there are.
    #[inline(always)]
    unsafe fn entry(&self, i: u32) -> &Slot<K, V> {
        // SAFETY: The caller promises that.
        unsafe { self.entries.get_unchecked(i as usize) }
    }

    /// Takes a free entry, to own it.
    fn take_free(&self) -> Option<u32> {
        let mut top = self.free.load(Acquire);
        loop {
            let i = top as u32 & NONE;
            if i == NONE {
                return None;
            }
            // SAFETY: It is a number of an entry. That entry may be somebody else's by now: then this reads anything, and the exchange
            // below fails.
            let next = unsafe { self.entry(i) }.next.load(Relaxed);
            match self
                .free
                .compare_exchange_weak(top, after(top, next), Acquire, Acquire)
            {
                Ok(_) => return Some(i),
                Err(other) => top = other,
            }
        }
    }

    /// Frees an entry that is owned.
    fn give_back(&self, i: u32) {
        // SAFETY: It is owned, so it is one.
        let entry = unsafe { self.entry(i) };
        let mut top = self.free.load(Relaxed);
        loop {
            entry.next.store(top as u32 & NONE, Relaxed);
            // INVARIANT: It is free, and leads to the others that are. Whoever takes it sees what was done to it.
            match self
                .free
                .compare_exchange_weak(top, after(top, i), Release, Relaxed)
            {
                Ok(_) => return,
                Err(other) => top = other,
            }
        }
    }

    /// A copy of entry `i`, if there is one. If it `removes`, that is no more.
    fn visit(&self, i: u32, removes: bool) -> Option<(K, V)> {
        loop {
            // SAFETY: Called for numbers of entries only.
            let entry = unsafe { self.entry(i) };
            let home = entry.home.load(Relaxed) & !USED;
            if home == FREE {
                return None;
            }
            let mut bucket = self.try_bucket(home).or_else(|_| self.wait(home)).ok()?;
            // It may have come into another one meanwhile.
            if !bucket.has(i) {
                continue;
            }
            let pair = bucket.pair(i);
            if removes {
                let before = bucket.before(i);
                bucket.unlink(before, i);
                self.give_back(i);
                self.counts.inc::<REMOVED>();
            }
            return Some(pair);
        }
    }
}

/// See [`Map::iter`] and [`Map::drain`].
pub struct Iter<'m, K, V> {
    map: &'m Map<K, V>,
    next: u32,
    removes: bool,
}

impl<K: Key, V: Copy + Send> Iterator for Iter<'_, K, V> {
    type Item = (K, V);

    fn next(&mut self) -> Option<(K, V)> {
        while (self.next as usize) < self.map.entries.len() {
            self.next += 1;
            let pair = self.map.visit(self.next - 1, self.removes);
            if pair.is_some() {
                return pair;
            }
        }
        None
    }
}

/// What `free` becomes when it was `top`.
fn after(top: u64, first: u32) -> u64 {
    ((top >> INDEX_BITS).wrapping_add(1) << INDEX_BITS) | u64::from(first & NONE)
}

impl Bucket {
    /// Locks it, or returns who has.
    #[inline(always)]
    fn try_lock(&self, owner: u32) -> Result<(), u32> {
        self.owner
            .compare_exchange(0, owner, Acquire, Relaxed)
            .map(|_| ())
    }
}

/// A bucket that is locked here, with interrupts off.
struct Locked<'m, K, V, I = IrqOff> {
    map: &'m Map<K, V>,
    bucket: &'m Bucket,
    home: u32,
    /// Dropped last; nothing if they are off for another one.
    _irq: I,
}

impl<K, V, I> Drop for Locked<'_, K, V, I> {
    #[inline(always)]
    fn drop(&mut self) {
        // INVARIANT: Nobody here uses what is the bucket's any more. Whoever locks it next sees what was done to it.
        self.bucket.owner.store(0, Release);
    }
}

impl<K: Key, V: Copy + Send, I> Locked<'_, K, V, I> {
    #[inline(always)]
    fn update<R>(mut self, key: &K, f: impl FnOnce(&mut V) -> R) -> Result<R, Refusal> {
        match self.find(key) {
            Some((_, i)) => Ok(f(self.value(i))),
            None => Err(Refusal::Absent),
        }
    }

    #[inline(always)]
    fn update_or_insert<R>(
        mut self,
        key: K,
        init: impl FnOnce() -> V,
        f: impl FnOnce(&mut V) -> R,
    ) -> Result<R, Refusal> {
        match self.find(&key) {
            Some((_, i)) => Ok(f(self.value(i))),
            None => self.add_and_update(key, init, f),
        }
    }

    #[cold]
    #[inline(never)]
    fn add_and_update<R>(
        mut self,
        key: K,
        init: impl FnOnce() -> V,
        f: impl FnOnce(&mut V) -> R,
    ) -> Result<R, Refusal> {
        let i = self.add(key, init())?;
        Ok(f(self.value(i)))
    }

    /// The entry of `key`, and the one before it, if there are such.
    #[inline(always)]
    fn find(&self, key: &K) -> Option<(Option<u32>, u32)> {
        let mut before = None;
        let mut i = self.bucket.first.load(Relaxed);
        while i != END {
            // SAFETY: By the type invariants it is an entry of this bucket, which is locked here.
            let entry = unsafe { self.map.entry(i) };
            // SAFETY: As above, so it is initialised, and nobody else uses it.
            let (found, _) = unsafe { (*entry.pair.get()).assume_init_ref() };
            if key::same(found, key) {
                if self.map.evicts {
                    entry.home.store(self.home | USED, Relaxed);
                }
                return Some((before, i));
            }
            before = Some(i);
            i = entry.next.load(Relaxed);
        }
        None
    }

    /// The value of an entry of this bucket.
    #[inline(always)]
    fn value(&mut self, i: u32) -> &mut V {
        // SAFETY: Callers have the number from `find` or `add`, so it is an entry of this bucket, which is locked here: it is initialised,
        // and nobody else uses it.
        unsafe { &mut (*self.map.entry(i).pair.get()).assume_init_mut().1 }
    }

    /// Whether entry `i`, which may be anywhere, is in this bucket.
    fn has(&self, i: u32) -> bool {
        // SAFETY: Called for numbers of entries only.
        unsafe { self.map.entry(i) }.home.load(Relaxed) & !USED == self.home
    }

    /// A copy of an entry of this bucket.
    fn pair(&self, i: u32) -> (K, V) {
        // SAFETY: As for `value`.
        unsafe { *(*self.map.entry(i).pair.get()).assume_init_ref() }
    }

    /// The entry before an entry of this bucket, if there is one.
    fn before(&self, i: u32) -> Option<u32> {
        let mut before = None;
        let mut at = self.bucket.first.load(Relaxed);
        while at != i && at != END {
            before = Some(at);
            // SAFETY: By the type invariants it is an entry of this bucket.
            at = unsafe { self.map.entry(at) }.next.load(Relaxed);
        }
        before
    }

    /// Takes an entry out of this bucket, to own it.
    fn unlink(&mut self, before: Option<u32>, i: u32) {
        // SAFETY: It is an entry of this bucket.
        let entry = unsafe { self.map.entry(i) };
        let next = entry.next.load(Relaxed);
        let link = match before {
            // SAFETY: So is this one.
            Some(before) => unsafe { &self.map.entry(before).next },
            None => &self.bucket.first,
        };
        link.store(next, Relaxed);
        // INVARIANT: It is owned, and was this bucket's until that is unlocked: whoever locks it next must not take it for one of its own.
        entry.home.store(FREE, Relaxed);
    }

    /// Inserts a key that is not there.
    #[inline(never)]
    fn add(&mut self, key: K, value: V) -> Result<u32, Refusal> {
        let map = self.map;
        let owned = match map.take_free() {
            Some(i) => Some(i),
            None if map.evicts => self.evict(),
            None => None,
        };
        let Some(i) = owned else {
            map.counts.inc::<REFUSED>();
            return Err(Refusal::Full);
        };
        // SAFETY: It is owned, so it is one.
        let entry = unsafe { map.entry(i) };
        // SAFETY: It is owned.
        unsafe { (*entry.pair.get()).write((key, value)) };
        // INVARIANT: It is initialised, and in this bucket.
        entry.home.store(self.home | USED, Relaxed);
        entry.next.store(self.bucket.first.load(Relaxed), Relaxed);
        self.bucket.first.store(i, Relaxed);
        map.counts.inc::<INSERTED>();
        Ok(i)
    }

    /// Another bucket, if nobody has locked it.
    fn try_other(&self, home: u32) -> Option<Locked<'_, K, V, ()>> {
        let bucket = self.map.bucket(home);
        let owner = self.bucket.owner.load(Relaxed);
        bucket.try_lock(owner).ok()?;
        Some(Locked {
            map: self.map,
            bucket,
            home,
            _irq: (),
        })
    }

    /// Takes an entry out of its bucket, this or another one, to own it: one that was not used since it was last considered, if there is
    /// one among the next. Waits for nobody.
    #[cold]
    fn evict(&mut self) -> Option<u32> {
        let map = self.map;
        for considered in 0..2 * CONSIDERED {
            let hand = map.hand.fetch_add(1, Relaxed);
            let i = hand.checked_rem(map.entries.len() as u32)?;
            // SAFETY: There are more.
            let entry = unsafe { map.entry(i) };
            let home = entry.home.load(Relaxed);
            if home & USED != 0 && considered < CONSIDERED {
                entry.home.fetch_and(!USED, Relaxed);
                continue;
            }
            let home = home & !USED;
            if home == self.home {
                // It does not leave this bucket while that is locked.
                self.unlink(self.before(i), i);
            } else if home != FREE {
                let Some(mut other) = self.try_other(home).filter(|other| other.has(i)) else {
                    continue;
                };
                other.unlink(other.before(i), i);
            } else {
                continue;
            }
            map.counts.inc::<EVICTED>();
            return Some(i);
        }
        None
    }
}
