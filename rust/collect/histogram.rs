// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How often values of each size were seen.

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use super::{
    bars::{self, Bucket, Buckets},
    Counters,
};

/// How often values of each power of two were seen. Handlers record, others read; prints as a table with bars.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, time::{Instant, Monotonic}};
/// use rprobes::{kretprobe::{self, Entry, EntryContext, RetContext}, Histogram};
///
/// struct Latency(Histogram);
///
/// #[vtable]
/// impl kretprobe::Handler for Latency {
///     type Data = Instant<Monotonic>;
///
///     fn entry(&self, _cx: &EntryContext<'_>) -> Entry<Self::Data> {
///         Entry::Trace(Instant::now())
///     }
///
///     fn ret(&self, _cx: &RetContext<'_>, begun: &Self::Data) {
///         self.0.record(begun.elapsed().as_nanos() as u64);
///     }
/// }
/// ```
pub struct Histogram(Counters<BUCKETS>);

/// How many buckets there are.
pub(super) const BUCKETS: usize = 65;

/// The bucket of a value: how many bits it has.
#[inline(always)]
pub(super) fn bucket(value: u64) -> usize {
    (u64::BITS - value.leading_zeros()) as usize
}

/// Bucket `i`, of `count` values.
pub(super) fn range(i: usize, count: u64) -> Bucket {
    Bucket {
        low: if i == 0 { 0 } else { 1 << (i - 1) },
        // For 64 bits, what is shifted out of 128 is not missed.
        high: ((1u128 << i) - 1) as u64,
        count,
    }
}

impl Histogram {
    /// How many buckets there are: one for 0, and one for each power of two that fits in 64 bits.
    pub const BUCKETS: usize = BUCKETS;

    /// An empty histogram. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new() -> Result<Self> {
        Counters::new().map(Self)
    }

    /// Counts `value`. Any context.
    #[inline(always)]
    pub fn record(&self, value: u64) {
        // SAFETY: A number of bits is at most 64, so there is such a counter.
        unsafe { self.0.inc_unchecked(bucket(value)) }
    }

    /// How many values were in bucket `i`: 0 for `i` 0, else from 2^(i-1) to 2^i - 1. Any context.
    pub fn bucket(&self, i: usize) -> u64 {
        self.0.sum(i)
    }

    /// How many values were recorded. Any context.
    pub fn total(&self) -> u64 {
        (0..Self::BUCKETS).map(|i| self.bucket(i)).sum()
    }
}

impl Buckets for Histogram {
    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        (0..BUCKETS).map(|i| range(i, self.bucket(i)))
    }
}

impl Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bars::draw(self, f)
    }
}
