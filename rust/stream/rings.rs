// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Where records are between handlers and readers: rings of words, some for each CPU.
//!
//! No memory is touched by unsafe code here: the words are atomics, and what a reader makes of them may be made of any bytes.
//! What follows is why it is also right.
//!
//! - A ring is written by who has changed its `is_taken` from 0 to 1, until that is 0 again. A CPU has several: an interrupt,
//!   or an NMI, that comes in the middle of a push takes the next one. It does not matter if who pushes goes on on another CPU.
//! - Positions count words, and never wrap. A record begins at `position` modulo the size of the ring, and all of it is behind that without a break:
//!   behind the last word of a ring there is room for the longest record. The records between `tail` and `head` are whole.
//! - A writer moves `tail` over the records that it will overwrite, before it does (a fence is between), and `head` over its
//!   own when that is written. A reader copies a record and then looks at `tail` (a fence is between): if that is not past the
//!   record, nothing of the copy was overwritten. The room behind the ring is no exception: two records that both reach into
//!   it are a whole ring apart.
//! - A record has its number in its ring, so a reader sees how many it has missed.
//! - The time of a record is taken while its ring is taken. A reader that has read the clock, and then sees a ring that is not
//!   taken, or that was given back since, has all records of it that are older than that in front of it.
//! - Who finds nothing sets `waits` and then looks once more; who pushes gives its ring back, or counts in `missed`, and then looks
//!   at `waits`: one of them sees the other (both use `SeqCst`).

use core::sync::atomic::{
    fence, AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed, Release, SeqCst},
};

use kernel::{alloc::flags::__GFP_NOWARN, prelude::*};

use crate::{bindings, machine};

/// How many may push on one CPU at a time: a task, a softirq, an interrupt, an NMI.
const LEVELS: usize = 4;

/// All but the first ring of a CPU are smaller by this: they are used while a push is under way only.
const SMALLER: usize = 8;

/// The words in front of a record: its number, and how many bytes are behind it; and its time.
pub(super) const HEADER: usize = 2;
const LEN_BITS: u32 = 16;

/// How many words so many bytes take.
#[inline(always)]
pub(super) const fn words(bytes: usize) -> usize {
    bytes.div_ceil(size_of::<u64>())
}

/// In nanoseconds.
#[inline(always)]
pub(super) fn now() -> u64 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_stream_clock() }
}

/// One line of the cache.
#[repr(align(64))]
struct Ring {
    is_taken: AtomicU32,
    /// How often there was no ring for a record, or that was too long. Used in the first ring of a CPU.
    refused: AtomicU64,
    /// Where the next record goes.
    head: AtomicU64,
    /// Where the oldest begins.
    tail: AtomicU64,
    /// How many there were.
    pushed: AtomicU64,
    /// Where its words begin among all.
    first: usize,
    /// How many there are: a power of two.
    size: u64,
}

pub(super) struct Rings {
    /// `LEVELS` for each CPU.
    rings: KVVec<Ring>,
    words: KVVec<AtomicU64>,
    /// Bytes of a record.
    fixed: usize,
    /// Bytes that may be behind it.
    longest: usize,
    /// Somebody is to be woken.
    waits: AtomicU32,
    /// How many records could not even be made.
    missed: AtomicU64,
}

/// A record, but for its words.
#[derive(Clone, Copy)]
pub(super) struct Head {
    pub(super) number: u64,
    /// Bytes behind it.
    pub(super) len: usize,
    pub(super) time: u64,
}

impl Rings {
    /// For records of `fixed` bytes with up to `longest` bytes behind them; `capacity` bytes for a CPU. Process context.
    pub(super) fn new(fixed: usize, longest: usize, capacity: usize) -> Result<Self> {
        if capacity == 0 || longest >= 1 << LEN_BITS {
            return Err(EINVAL);
        }
        let most = HEADER + words(fixed) + words(longest);
        let smallest = most.next_power_of_two();
        let large = words(capacity)
            .checked_next_power_of_two()
            .ok_or(ENOMEM)?
            .max(smallest);
        let small = (large / SMALLER).max(smallest);
        let of_cpu = (large + most)
            .checked_add((LEVELS - 1) * (small + most))
            .ok_or(ENOMEM)?;
        let cpus = machine::cpus() as usize;
        let count = of_cpu.checked_mul(cpus).ok_or(ENOMEM)?;
        machine::check_may_take(count, size_of::<u64>())?;
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let mut all = KVVec::with_capacity(count, flags)?;
        for _ in 0..count {
            all.push(AtomicU64::new(0), flags)?;
        }
        let mut rings = KVVec::with_capacity(cpus * LEVELS, flags)?;
        let mut first = 0;
        for i in 0..cpus * LEVELS {
            let size = if i % LEVELS == 0 { large } else { small };
            let ring = Ring {
                is_taken: AtomicU32::new(0),
                refused: AtomicU64::new(0),
                head: AtomicU64::new(0),
                tail: AtomicU64::new(0),
                pushed: AtomicU64::new(0),
                first,
                size: size as u64,
            };
            rings.push(ring, flags)?;
            first += size + most;
        }
        Ok(Self {
            rings,
            words: all,
            fixed,
            longest,
            waits: AtomicU32::new(0),
            missed: AtomicU64::new(0),
        })
    }

    /// Pushes a record of `fixed` bytes. Calls `wake` if somebody waits for it. Any context.
    #[inline(always)]
    pub(super) fn push(&self, record: &[u8], bytes: &[u8], wake: impl FnOnce()) -> bool {
        if bytes.len() > self.longest {
            return self.refuse();
        }
        let Some(ring) = self.take() else {
            return self.refuse();
        };
        let (fixed, behind) = (words(record.len()), words(bytes.len()));
        let size = HEADER + fixed + behind;
        let head = ring.head.load(Relaxed);
        let end = head.wrapping_add(size as u64);
        let tail = ring.tail.load(Relaxed);
        if end.wrapping_sub(tail) > ring.size {
            let tail = if self.longest == 0 {
                // All are alike, so one less is room for one more.
                tail.wrapping_add(size as u64)
            } else {
                self.make_room(ring, end, tail, record.len())
            };
            ring.tail.store(tail, Relaxed);
        }
        // What is overwritten from here on is not seen before that is given up.
        fence(Release);
        let number = ring.pushed.load(Relaxed);
        let time = now();
        // All of it is there, by what was said above.
        let first = self.first(ring, head);
        if let Some(place) = self.words.get(first..first.wrapping_add(size)) {
            place[0].store(number << LEN_BITS | bytes.len() as u64, Relaxed);
            place[1].store(time, Relaxed);
            store(&place[HEADER..HEADER + fixed], record);
            store(&place[HEADER + fixed..], bytes);
        }
        ring.pushed.store(number.wrapping_add(1), Relaxed);
        ring.head.store(end, Release);
        ring.is_taken.swap(0, SeqCst);
        self.wake_who_waits(wake);
        true
    }

    #[inline(always)]
    fn wake_who_waits(&self, wake: impl FnOnce()) {
        if self.waits.load(SeqCst) != 0 && self.waits.swap(0, Relaxed) != 0 {
            wake();
        }
    }

    /// So many records could not be made, all in all. Calls `wake` if somebody waits, and is to be told. Any context.
    pub(super) fn set_missed(&self, all: u64, wake: impl FnOnce()) {
        if self.missed.fetch_max(all, SeqCst) < all {
            self.wake_who_waits(wake);
        }
    }

    /// Takes a ring of this CPU.
    #[inline(always)]
    fn take(&self) -> Option<&Ring> {
        let first = machine::cpu() as usize * LEVELS;
        let rings = self.rings.get(first..)?.first_chunk::<LEVELS>()?;
        rings.iter().find(|ring| {
            ring.is_taken
                .compare_exchange(0, 1, SeqCst, Relaxed)
                .is_ok()
        })
    }

    #[cold]
    fn refuse(&self) -> bool {
        if let Some(ring) = self.rings.get(machine::cpu() as usize * LEVELS) {
            ring.refused.fetch_add(1, Relaxed);
        }
        false
    }

    /// The first record behind `tail` that is less than a ring in front of `end`. All are of `fixed` bytes, and some behind.
    fn make_room(&self, ring: &Ring, end: u64, mut tail: u64, fixed: usize) -> u64 {
        while end.wrapping_sub(tail) > ring.size {
            let size = HEADER + words(fixed) + words(self.head(ring, tail).len);
            tail = tail.wrapping_add(size as u64);
        }
        tail
    }

    /// Where the words from `position` on are.
    #[inline(always)]
    fn first(&self, ring: &Ring, position: u64) -> usize {
        let mask = ring.size.wrapping_sub(1);
        ring.first.wrapping_add((position & mask) as usize)
    }

    #[inline(always)]
    fn head(&self, ring: &Ring, position: u64) -> Head {
        let place = self.words.get(self.first(ring, position)..);
        let [numbers, time] = match place.and_then(|place| place.first_chunk::<HEADER>()) {
            Some([numbers, time]) => [numbers.load(Relaxed), time.load(Relaxed)],
            None => [0; HEADER],
        };
        Head {
            number: numbers >> LEN_BITS,
            len: (numbers & ((1 << LEN_BITS) - 1)) as usize,
            time,
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.rings.len()
    }

    /// How many words the longest record takes, without its header.
    pub(super) fn most(&self) -> usize {
        words(self.fixed) + words(self.longest)
    }

    pub(super) fn longest(&self) -> usize {
        self.longest
    }

    pub(super) fn cpu_of(&self, i: usize) -> u32 {
        (i / LEVELS) as u32
    }

    /// Where the records end that are there to be read. Waits for one that is being pushed, if that takes no longer than
    /// `pause` allows.
    pub(super) fn end(&self, i: usize, pause: impl Fn(c_uint) -> bool) -> Option<u64> {
        let ring = &self.rings[i];
        let mut times = 0;
        let before = ring.head.load(Relaxed);
        while ring.is_taken.load(SeqCst) != 0 && ring.head.load(Relaxed) == before {
            if !pause(times) {
                return None;
            }
            times = times.saturating_add(1);
        }
        Some(ring.head.load(Acquire))
    }

    /// The record at `position`, or the first that is left behind it. None if there is none up to `end`.
    pub(super) fn peek(&self, i: usize, position: &mut u64, end: u64) -> Option<Head> {
        let ring = &self.rings[i];
        loop {
            *position = (*position).max(ring.tail.load(Acquire));
            if *position >= end {
                return None;
            }
            let head = self.head(ring, *position);
            fence(Acquire);
            if ring.tail.load(Relaxed) <= *position {
                return Some(head);
            }
        }
    }

    /// Copies the record at `position`, and moves past it. None if it was overwritten meanwhile.
    pub(super) fn copy(&self, i: usize, position: &mut u64, to: &mut [u64]) -> Option<Head> {
        let ring = &self.rings[i];
        let head = self.head(ring, *position);
        let size = HEADER + words(self.fixed) + words(head.len);
        let first = self.first(ring, *position);
        let from = self.words.get(first + HEADER..first + size)?;
        for (to, from) in to.get_mut(..from.len())?.iter_mut().zip(from) {
            *to = from.load(Relaxed);
        }
        fence(Acquire);
        if ring.tail.load(Relaxed) > *position {
            return None;
        }
        *position += size as u64;
        Some(head)
    }

    /// Whether there is a record behind one of `positions`. If not, who pushes the next one wakes.
    pub(super) fn have_more(&self, positions: &[u64]) -> bool {
        self.waits.store(1, SeqCst);
        self.rings.iter().zip(positions).any(|(ring, position)| {
            // What is given back after this sees that somebody waits.
            ring.is_taken.load(SeqCst);
            ring.head.load(Acquire) > *position
        })
    }

    /// How many records there were.
    pub(super) fn pushed(&self) -> u64 {
        self.rings
            .iter()
            .map(|ring| ring.pushed.load(Relaxed))
            .sum()
    }

    /// How many there should have been besides.
    pub(super) fn refused(&self) -> u64 {
        let refused = self.rings.iter().step_by(LEVELS);
        let refused: u64 = refused.map(|ring| ring.refused.load(Relaxed)).sum();
        refused.wrapping_add(self.missed.load(SeqCst))
    }

    /// In bytes.
    pub(super) fn memory(&self) -> usize {
        self.words.len() * size_of::<u64>() + self.rings.len() * size_of::<Ring>()
    }
}

/// The bytes, and NULs behind them.
#[inline(always)]
fn store(words: &[AtomicU64], bytes: &[u8]) {
    let (whole, rest) = bytes.split_at(bytes.len() / size_of::<u64>() * size_of::<u64>());
    for (word, bytes) in words.iter().zip(whole.chunks_exact(size_of::<u64>())) {
        let mut value = [0; size_of::<u64>()];
        value.copy_from_slice(bytes);
        word.store(u64::from_ne_bytes(value), Relaxed);
    }
    if let (false, Some(word)) = (rest.is_empty(), words.last()) {
        let mut value = [0; size_of::<u64>()];
        value[..rest.len()].copy_from_slice(rest);
        word.store(u64::from_ne_bytes(value), Relaxed);
    }
}
