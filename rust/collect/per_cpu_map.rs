// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Aggregates by a key, of each CPU its own.

use core::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::atomic::{
        AtomicBool, AtomicU32,
        Ordering::{Acquire, Relaxed, Release},
    },
};

use kernel::{
    alloc::flags::__GFP_NOWARN,
    prelude::*,
    time::{delay::fsleep, Delta},
};

use super::{
    aggregate::{assert_words, Aggregate, Words},
    key::{self, Key},
    map::Stats,
    Counters,
};
use crate::machine::{self, PerCpuWord};

/// An [`Aggregate`] for each key: such as how many bytes each process has read. Each CPU has its own; they are merged when the map is
/// read.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, Kprobe, PreContext}, PerCpuMap, Summary, Target};
///
/// /// How much is read at a time, by process.
/// struct Reads(PerCpuMap<i32, Summary>);
///
/// #[vtable]
/// impl kprobe::Handler for Reads {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.0.record(&cx.tgid(), cx.regs().arg(2) as u64);
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Kprobe<Reads>>>> {
///     KBox::pin_init(Kprobe::new(Target::symbol(c"vfs_read"), Reads(PerCpuMap::new(1024)?)), GFP_KERNEL)
/// }
///
/// fn print(reads: &Reads) -> Result {
///     for (pid, sizes) in &reads.0.take()? {
///         pr_info!("{}: {} reads of {} bytes on average\n", pid, sizes.count(), sizes.average());
///     }
///     Ok(())
/// }
/// ```
///
/// # Contexts
///
/// [`record`](Self::record) may be called in any context, non-maskable interrupts included. It locks nothing and waits for nothing.
/// The map is read in process context.
///
/// # What is lost
///
/// What has a new key when there is no room for it on its CPU; this is counted: [`Stats::refused`]. Nothing is lost by interrupts,
/// or by reading or clearing the map: what is recorded meanwhile is in what this reads, or in what the next does.
///
/// # Order
///
/// There is none. A copy that is read while others record may have a part of what they record, such as the count of a [`Summary`](super::aggregate::Summary) without
/// the sum; one that is [taken](Self::take) has not.
///
/// # Memory and time
///
/// For each CPU that there may be, and one more: for each entry the key, the value, and 8 to 16 bytes; [`Stats::bytes`] says how much that
/// is. To count takes some 30 instructions on x86.
///
/// # Invariants
///
/// The word of each CPU is the address of one of `tables`. These never move. At most one of them is closed at a time, by whoever has set `is_read`.
pub struct PerCpuMap<K, V> {
    hash: key::Hash,
    own: PerCpuWord,
    /// One for each CPU, and one for those who find theirs closed.
    tables: KVVec<Table<K, V>>,
    is_read: AtomicBool,
    counts: Counters<2>,
}

const REFUSED: usize = 0;
const BUSY: usize = 1;

/// What one CPU has recorded; mostly: who is moved to another CPU in the middle of that goes on here.
///
/// # Invariants
///
/// - `users` counts those who use the table, and has [`CLOSED`] set if nobody is to begin. Who has set that, and has seen that
///   there are no users, may do anything with it until that is no more; all others must be counted.
/// - Besides, `index` and `values` change atomically only.
/// - The key of an entry is written by who has counted `used` up from its number, and then not any more; a number in `index`, less 1, is that of
///   an entry whose key was written.
struct Table<K, V> {
    users: AtomicU32,
    /// How many entries were given out, or more.
    used: AtomicU32,
    /// From what the keys are scattered to, to entries: their numbers plus 1, or 0. A power of two.
    index: KVVec<AtomicU32>,
    /// The length of `index`, less 1.
    mask: usize,
    entries: KVVec<Entry<K, V>>,
}

struct Entry<K, V> {
    value: UnsafeCell<V>,
    key: UnsafeCell<MaybeUninit<K>>,
}

const CLOSED: u32 = 1 << 31;

/// How many entries there may be in a table.
const MOST: usize = 1 << 24;

// SAFETY: By the type invariants, keys are written by one and only read by others, and values are changed by one, or word by
// word.
unsafe impl<K: Send, V: Send> Sync for Table<K, V> {}

impl<K: Key, V: Aggregate> PerCpuMap<K, V> {
    /// A map with room for `capacity` keys on each CPU. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for a capacity of 0; [`ENOMEM`] for one of more than 2^24, or that takes more than half of the memory that there is.
    pub fn new(capacity: usize) -> Result<Self> {
        const { assert_words::<V>() };
        if capacity == 0 {
            return Err(EINVAL);
        }
        if capacity > MOST {
            return Err(ENOMEM);
        }
        let cpus = machine::cpus();
        machine::check_may_take(
            (cpus as usize + 1) * capacity,
            size_of::<Entry<K, V>>() + 4 * size_of::<AtomicU32>(),
        )?;
        let mut tables = KVVec::with_capacity(cpus as usize + 1, GFP_KERNEL)?;
        for _ in 0..=cpus {
            tables.push(Table::new(capacity)?, GFP_KERNEL)?;
        }
        let own = PerCpuWord::new(|cpu| {
            let table: *const Table<K, V> = &tables[cpu as usize];
            table as u64
        })?;
        // INVARIANT: That is what the word of each CPU is, and none is closed.
        Ok(Self {
            hash: key::Hash::new(),
            own,
            tables,
            is_read: AtomicBool::new(false),
            counts: Counters::new()?,
        })
    }

    /// Records `value` for `key`. Returns false, and counts that, if there was no room for the key. Any context.
    #[inline]
    pub fn record(&self, key: &K, value: u64) -> bool {
        // SAFETY: By the type invariants it is one of the tables. That does not depend on which CPU this goes on.
        let table = unsafe { &*(self.own.here() as *const Table<K, V>) };
        // What is rare is called at the very end, so that nothing is saved for it before.
        let Some(used) = table.enter() else {
            return self.record_elsewhere(table, *key, value);
        };
        let Some(entry) = used.find(self.hash.of(key), key) else {
            return self.record_new(used, *key, value);
        };
        V::record(&entry.words(), value);
        true
    }

    /// Records for a key that was not there.
    #[cold]
    #[inline(never)]
    fn record_new(&self, used: InUse<'_, K, V>, key: K, value: u64) -> bool {
        let hash = self.hash.of(&key);
        let found = used.find(hash, &key).or_else(|| used.insert(hash, &key));
        match found {
            Some(entry) => V::record(&entry.words(), value),
            None => self.counts.inc::<REFUSED>(),
        }
        found.is_some()
    }

    /// While the table is closed.
    #[cold]
    #[inline(never)]
    fn record_elsewhere(&self, table: &Table<K, V>, key: K, value: u64) -> bool {
        // One of them is open; if another one is closed whenever this looks at it, they are read over and over.
        for _ in 0..16 {
            let others = [self.tables.last(), Some(table)];
            if let Some(used) = others.into_iter().flatten().find_map(Table::enter) {
                return self.record_new(used, key, value);
            }
        }
        self.counts.inc::<BUSY>();
        false
    }

    /// What was recorded for `key`, on all CPUs; none if nothing was. Process context.
    pub fn get(&self, key: &K) -> Option<V> {
        let _reading = self.read();
        let hash = self.hash.of(key);
        let mut sum = None;
        for table in &self.tables {
            // It is open, as this has set `is_read`.
            let Some(used) = table.enter() else { continue };
            if let Some(entry) = used.find(hash, key) {
                sum.get_or_insert_with(V::empty)
                    .merge(&entry.words().copy());
            }
        }
        sum
    }

    /// What was recorded for all keys, on all CPUs; in no order, and without keys that came while this went on. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn snapshot(&self) -> Result<KVVec<(K, V)>> {
        let _reading = self.read();
        let mut merged = Merged::new(self.used())?;
        for table in &self.tables {
            let Some(used) = table.enter() else { continue };
            used.each(|key, value| merged.add(&self.hash, key, value));
        }
        Ok(merged.pairs)
    }

    /// As [`snapshot`](Self::snapshot), and removes it: whatever is recorded comes out once. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`]; then it is all still there. If very many keys come while this goes on, those of some CPUs stay for the next time.
    pub fn take(&self) -> Result<KVVec<(K, V)>> {
        let _reading = self.read();
        let used = self.used();
        let mut merged = Merged::new(used.saturating_add(used / 8).saturating_add(64))?;
        for table in &self.tables {
            let Some(closed) = table.close() else {
                continue;
            };
            if merged.has_room(table.used()) {
                closed.each(|key, value| merged.add(&self.hash, key, value));
                closed.clear();
            }
        }
        Ok(merged.pairs)
    }

    /// Removes all entries. Process context.
    pub fn clear(&self) {
        let _reading = self.read();
        for closed in self.tables.iter().filter_map(Table::close) {
            closed.clear();
        }
    }

    /// How full it is, and what it has lost. Any context.
    pub fn stats(&self) -> Stats {
        let of_table = |table: &Table<K, V>| {
            table.index.len() * size_of::<AtomicU32>()
                + table.entries.len() * size_of::<Entry<K, V>>()
                + size_of::<Table<K, V>>()
        };
        Stats {
            capacity: self.tables.first().map_or(0, |table| table.entries.len()),
            bytes: self.tables.iter().map(of_table).sum(),
            entries: self.used(),
            refused: self.counts.sum(REFUSED),
            evicted: 0,
            busy: self.counts.sum(BUSY),
        }
    }

    /// How many entries there are in all tables.
    fn used(&self) -> usize {
        self.tables.iter().map(Table::used).sum()
    }

    /// Waits until nobody else reads the map.
    fn read(&self) -> Reading<'_> {
        while self.is_read.swap(true, Acquire) {
            fsleep(Delta::from_millis(1));
        }
        Reading(&self.is_read)
    }
}

/// Who reads the map is the only one to close tables.
struct Reading<'m>(&'m AtomicBool);

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

impl<K: Key, V: Aggregate> Table<K, V> {
    fn new(capacity: usize) -> Result<Self> {
        let flags = GFP_KERNEL | __GFP_NOWARN;
        // So that it is half full at most.
        let len = (2 * capacity).next_power_of_two();
        // The larger one first, as this may fail.
        let mut entries = KVVec::with_capacity(capacity, flags)?;
        let mut index = KVVec::with_capacity(len, flags)?;
        for _ in 0..len {
            index.push(AtomicU32::new(0), flags)?;
        }
        for _ in 0..capacity {
            let entry = Entry {
                key: UnsafeCell::new(MaybeUninit::uninit()),
                value: UnsafeCell::new(V::empty()),
            };
            entries.push(entry, flags)?;
        }
        Ok(Self {
            users: AtomicU32::new(0),
            used: AtomicU32::new(0),
            index,
            mask: len - 1,
            entries,
        })
    }

    /// For use, unless it is closed.
    #[inline(always)]
    fn enter(&self) -> Option<InUse<'_, K, V>> {
        // INVARIANT: It is counted, also if it turns out that it must not use the table.
        let users = self.users.fetch_add(1, Acquire);
        let used = InUse(self);
        (users & CLOSED == 0).then_some(used)
    }

    /// Waits until nobody uses it. None if somebody does for a second, as one who was killed by a bug would.
    fn close(&self) -> Option<Closed<'_, K, V>> {
        self.users.fetch_or(CLOSED, Acquire);
        let closed = Closed(self);
        for _ in 0..1000 {
            // INVARIANT: Nobody does, nor begins to. What they did is seen here.
            if self.users.load(Acquire) == CLOSED {
                return Some(closed);
            }
            fsleep(Delta::from_millis(1));
        }
        None
    }

    /// How many entries there are.
    fn used(&self) -> usize {
        (self.used.load(Relaxed) as usize).min(self.entries.len())
    }

    /// Entry `number` less 1.
    ///
    /// # Safety
    ///
    /// The number must have been in `index`, and the table in use, or closed, since before.
    #[inline(always)]
    unsafe fn entry(&self, number: u32) -> (&K, &Entry<K, V>) {
        // SAFETY: By the type invariants there is such an entry, and its key was written before the number. It is not written again before
        // the table is used no more.
        unsafe {
            let entry = self
                .entries
                .get_unchecked((number as usize).wrapping_sub(1));
            ((*entry.key.get()).assume_init_ref(), entry)
        }
    }

    /// Calls `f` with copies of all entries.
    ///
    /// # Safety
    ///
    /// The table must be in use by the caller, or closed.
    unsafe fn each(&self, mut f: impl FnMut(K, V)) {
        for number in &self.index {
            let number = number.load(Acquire);
            if number != 0 {
                // SAFETY: The caller promises that.
                let (key, entry) = unsafe { self.entry(number) };
                f(*key, entry.words().copy());
            }
        }
    }
}

impl<K, V: Aggregate> Entry<K, V> {
    #[inline(always)]
    fn words(&self) -> Words<'_> {
        // SAFETY: A map begins with a look at whether it consists of words; any are valid; and it is used as words only.
        unsafe { Words::new(self.value.get()) }
    }
}

/// A table that is in use.
struct InUse<'m, K, V>(&'m Table<K, V>);

impl<K, V> Drop for InUse<'_, K, V> {
    #[inline(always)]
    fn drop(&mut self) {
        // Whoever closes the table sees what was done to it.
        self.0.users.fetch_sub(1, Release);
    }
}

impl<K: Key, V: Aggregate> InUse<'_, K, V> {
    /// The entry of a key, if there is one.
    #[inline(always)]
    fn find(&self, hash: u32, key: &K) -> Option<&Entry<K, V>> {
        let table = self.0;
        let mut at = hash as usize & table.mask;
        // At least half of them are 0.
        loop {
            // SAFETY: There are more, as many as a power of two.
            match unsafe { table.index.get_unchecked(at) }.load(Acquire) {
                0 => return None,
                number => {
                    // SAFETY: It was in the index, and the table is in use.
                    let (found, entry) = unsafe { table.entry(number) };
                    if key::same(found, key) {
                        return Some(entry);
                    }
                }
            }
            at = at.wrapping_add(1) & table.mask;
        }
    }

    /// The entry of a key, which is inserted, unless somebody does that just now. None if there is no room.
    fn insert(&self, hash: u32, key: &K) -> Option<&Entry<K, V>> {
        let table = self.0;
        // First a look, for the count not to get far.
        if table.used() == table.entries.len() {
            return None;
        }
        let i = table.used.fetch_add(1, Relaxed);
        let own = table.entries.get(i as usize)?;
        // SAFETY: This has counted up from `i`, and the number is not in the index yet, so nobody else uses the key.
        unsafe { (*own.key.get()).write(*key) };
        let mut at = hash as usize & table.mask;
        // At least half of them are 0.
        loop {
            // INVARIANT: The key was written. Whoever finds the number sees that.
            match table.index[at].compare_exchange(0, i + 1, Release, Acquire) {
                Ok(_) => return Some(own),
                Err(number) => {
                    // SAFETY: It was in the index, and the table is in use.
                    let (found, entry) = unsafe { table.entry(number) };
                    if key::same(found, key) {
                        // This call has interrupted one that inserts the same key, or was interrupted by one. The own entry is out of
                        // use until the table is cleared.
                        return Some(entry);
                    }
                }
            }
            at = at.wrapping_add(1) & table.mask;
        }
    }

    fn each(&self, f: impl FnMut(K, V)) {
        // SAFETY: It is in use.
        unsafe { self.0.each(f) }
    }
}

/// A table that nobody uses.
struct Closed<'m, K, V>(&'m Table<K, V>);

impl<K: Key, V: Aggregate> Closed<'_, K, V> {
    fn each(&self, f: impl FnMut(K, V)) {
        // SAFETY: It is closed.
        unsafe { self.0.each(f) }
    }

    /// Removes all entries.
    fn clear(&self) {
        for number in &self.0.index {
            let number = number.load(Relaxed);
            if number != 0 {
                // SAFETY: It was in the index, and the table is closed.
                let (_, entry) = unsafe { self.0.entry(number) };
                entry.words().clear();
            }
        }
        for number in &self.0.index {
            number.store(0, Relaxed);
        }
        self.0.used.store(0, Relaxed);
    }
}

impl<K, V> Drop for Closed<'_, K, V> {
    fn drop(&mut self) {
        // INVARIANT: It is not closed any more. Whoever begins to use it sees what was done to it.
        self.0.users.fetch_and(!CLOSED, Release);
    }
}

/// What tables have, by key.
struct Merged<K, V> {
    /// As that of a table.
    index: KVVec<u32>,
    pairs: KVVec<(K, V)>,
    room: usize,
}

impl<K: Key, V: Aggregate> Merged<K, V> {
    /// With room for so many keys.
    fn new(room: usize) -> Result<Self> {
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let len = room.saturating_add(1).saturating_mul(2);
        let len = len.checked_next_power_of_two().ok_or(ENOMEM)?;
        let mut index = KVVec::new();
        index.resize(len, 0, flags)?;
        Ok(Self {
            index,
            pairs: KVVec::with_capacity(room, flags)?,
            room,
        })
    }

    fn has_room(&self, keys: usize) -> bool {
        self.room - self.pairs.len() >= keys
    }

    /// Adds what was recorded for a key; not if there is no room.
    fn add(&mut self, hash: &key::Hash, key: K, value: V) {
        let mask = self.index.len() - 1;
        let mut at = hash.of(&key) as usize & mask;
        loop {
            match self.index[at] {
                0 if self.pairs.len() == self.room => return,
                0 => {
                    // There is room, says `room`.
                    let _ = self.pairs.push_within_capacity((key, value));
                    self.index[at] = self.pairs.len() as u32;
                    return;
                }
                number => {
                    let (found, sum) = &mut self.pairs[number as usize - 1];
                    if key::same(found, &key) {
                        sum.merge(&value);
                        return;
                    }
                }
            }
            at = (at + 1) & mask;
        }
    }
}
