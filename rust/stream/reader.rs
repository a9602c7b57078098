// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is kept of each open file: how far it has read, and what it is reading.

use core::slice;

use kernel::prelude::*;

use super::rings::{now, Rings};
use crate::bindings;

/// How old records are when they are given, in nanoseconds: longer than stores take until other CPUs see them.
const AGE: u64 = 1000;

/// Not to be read now.
const NEVER: u64 = u64::MAX;

/// What comes next for a reader.
#[derive(Clone, Copy)]
pub(super) enum Item {
    /// A record, with so many bytes behind it; the words are in [`Reader::words`].
    Record { len: usize },
    /// So many records that are not there any more.
    Lost(u64),
}

/// As it is in memory, all zero at first: integers only.
#[repr(C)]
struct Kept {
    /// What is in the item: `NOTHING`, `RECORD`, or `LOST`.
    kind: u64,
    /// How many bytes of the item were given already.
    given: u64,
    time: u64,
    cpu: u64,
    /// How many bytes are behind the record.
    len: u64,
    lost: u64,
    /// How many refused records were told.
    refused: u64,
    /// Whether the header of the file was given, all of it.
    has_begun: u64,
    /// No record that is younger is to be given.
    until: u64,
}

const NOTHING: u64 = 0;
const RECORD: u64 = 1;
const LOST: u64 = 2;

/// One file that is being read.
pub(super) struct Reader<'a> {
    rings: &'a Rings,
    kept: &'a mut Kept,
    /// For each ring, where this reader is.
    positions: &'a mut [u64],
    /// How many records of it were read or lost.
    numbers: &'a mut [u64],
    /// When the record there was pushed.
    times: &'a mut [u64],
    /// Where the records end that are there to be read.
    ends: &'a mut [u64],
    /// The words of a record.
    words: &'a mut [u64],
}

impl<'a> Reader<'a> {
    /// How many bytes are kept.
    pub(super) fn size(rings: &Rings) -> usize {
        size_of::<Kept>() + (4 * rings.count() + rings.most()) * size_of::<u64>()
    }

    /// # Safety
    ///
    /// `kept` must be [`size`](Self::size) bytes, aligned as a `u64`, that were zero at first, and that nobody else uses.
    pub(super) unsafe fn new(rings: &'a Rings, kept: *mut c_void) -> Self {
        let all = 4 * rings.count() + rings.most();
        // SAFETY: The caller promises so many bytes. They are integers, so they may be anything.
        let (kept, words) = unsafe {
            let kept = kept.cast::<Kept>();
            (
                &mut *kept,
                slice::from_raw_parts_mut(kept.add(1).cast::<u64>(), all),
            )
        };
        let (positions, words) = words.split_at_mut(rings.count());
        let (numbers, words) = words.split_at_mut(rings.count());
        let (times, words) = words.split_at_mut(rings.count());
        let (ends, words) = words.split_at_mut(rings.count());
        Self {
            rings,
            kept,
            positions,
            numbers,
            times,
            ends,
            words,
        }
    }

    /// To be called before the first [`next`](Self::next) of a read.
    pub(super) fn begin(&mut self) {
        self.times.fill(NEVER);
    }

    /// What is to be given next, which stays so until [`done`](Self::done). None if there is nothing yet, or a signal has come
    /// while it was waited for.
    pub(super) fn next(&mut self) -> Option<Item> {
        loop {
            match self.kept.kind {
                RECORD => {
                    return Some(Item::Record {
                        len: self.kept.len as usize,
                    })
                }
                LOST => return Some(Item::Lost(self.kept.lost)),
                _ => {}
            }
            if let Some(i) = self.oldest() {
                self.take(i);
            } else if !self.look()? {
                return None;
            }
        }
    }

    /// The ring with the oldest record.
    fn oldest(&self) -> Option<usize> {
        let (i, time) = self
            .times
            .iter()
            .enumerate()
            .min_by_key(|(_, time)| **time)?;
        (*time != NEVER).then_some(i)
    }

    /// Looks what has come. False if there is nothing, and then whoever pushes next wakes; none if there is a signal.
    fn look(&mut self) -> Option<bool> {
        let refused = self.rings.refused();
        self.kept.until = now() - AGE;
        if refused != self.kept.refused {
            let lost = refused.wrapping_sub(self.kept.refused);
            self.kept.refused = refused;
            self.lose(lost);
            return Some(true);
        }
        let mut times = 0;
        loop {
            for i in 0..self.rings.count() {
                self.ends[i] = self.rings.end(i, pause)?;
                self.peek(i);
            }
            if self.oldest().is_some() {
                return Some(true);
            }
            if !self.rings.have_more(self.positions) {
                // Who counted one before this was known to wait wakes nobody.
                return Some(self.rings.refused() != self.kept.refused);
            }
            // Too young.
            if !pause(times) {
                return None;
            }
            times += 1;
            self.kept.until = now() - AGE;
        }
    }

    /// Looks for the next record of a ring.
    fn peek(&mut self, i: usize) {
        let head = self.rings.peek(i, &mut self.positions[i], self.ends[i]);
        self.times[i] = match head {
            Some(head) if head.time <= self.kept.until => head.time,
            _ => NEVER,
        };
    }

    /// Takes the next record of a ring, or how many are missing in front of it.
    fn take(&mut self, i: usize) {
        let mut position = self.positions[i];
        let Some(head) = self.rings.copy(i, &mut position, self.words) else {
            self.peek(i);
            return;
        };
        self.kept.time = head.time;
        self.kept.cpu = self.rings.cpu_of(i).into();
        if head.number != self.numbers[i] {
            let lost = head.number.wrapping_sub(self.numbers[i]);
            self.numbers[i] = head.number;
            self.lose(lost);
            return;
        }
        self.positions[i] = position;
        self.numbers[i] += 1;
        self.kept.kind = RECORD;
        self.kept.len = head.len as u64;
        self.peek(i);
    }

    fn lose(&mut self, lost: u64) {
        self.kept.kind = LOST;
        self.kept.lost = lost;
    }

    /// How many bytes of the item, or of the header, were given already.
    pub(super) fn given(&self) -> usize {
        self.kept.given as usize
    }

    /// So many bytes more were given, and there is more of it.
    pub(super) fn give(&mut self, bytes: usize) {
        self.kept.given += bytes as u64;
    }

    /// The item was given, all of it.
    pub(super) fn done(&mut self) {
        self.kept.kind = NOTHING;
        self.kept.given = 0;
    }

    pub(super) fn has_begun(&self) -> bool {
        self.kept.has_begun != 0
    }

    /// The header of the file was given, all of it.
    pub(super) fn has_header(&mut self) {
        self.kept.has_begun = 1;
        self.kept.given = 0;
    }

    pub(super) fn time(&self) -> u64 {
        self.kept.time
    }

    pub(super) fn cpu(&self) -> u32 {
        self.kept.cpu as u32
    }

    pub(super) fn words(&self) -> &[u64] {
        self.words
    }

    pub(super) fn longest(&self) -> usize {
        self.rings.longest()
    }

    /// Whether there is something to be given. If not, who pushes the next record wakes.
    pub(super) fn has_more(&self) -> bool {
        self.kept.kind != NOTHING
            || self.rings.have_more(self.positions)
            || self.rings.refused() != self.kept.refused
    }
}

/// Waits a moment. False if it is to be waited no longer.
fn pause(times: c_uint) -> bool {
    // SAFETY: Process context, in which files are read.
    unsafe { bindings::rprobes_stream_pause(times) }
}
