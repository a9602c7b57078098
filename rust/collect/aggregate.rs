// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is made of many numbers: sums, averages, histograms.

use core::sync::atomic::{AtomicU64, Ordering::Relaxed};

use kernel::{
    fmt::{self, Display},
    prelude::*,
};
use zerocopy::Immutable;
use zerocopy_derive::Immutable;

use super::{
    bars::{self, Bucket, Buckets},
    histogram,
};

pub use super::summary::Summary;

/// What is made of many numbers. A [`PerCpuMap`](crate::PerCpuMap) has one for each key on each CPU, and merges them when it is read;
/// in a [`Map`](crate::Map) or on its own it is a value as others are.
///
/// It consists of 64-bit words, which are 0 as long as nothing was recorded, and which several contexts add to at once: so
/// [`record`](Self::record) works on [`Words`], one after the other.
///
/// # Examples
///
/// The values that were above a hundred:
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::aggregate::{Aggregate, Words};
/// use zerocopy_derive::Immutable;
///
/// #[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Large {
///     count: u64,
///     sum: u64,
/// }
///
/// impl Aggregate for Large {
///     fn record(words: &Words<'_>, value: u64) {
///         if value > 100 {
///             words.add(0, 1);
///             words.add(1, value);
///         }
///     }
///
///     fn merge(&mut self, other: &Self) {
///         self.count = self.count.wrapping_add(other.count);
///         self.sum = self.sum.wrapping_add(other.sum);
///     }
/// }
/// ```
pub trait Aggregate: Copy + Send + FromBytes + IntoBytes + Immutable {
    /// Records `value` in the words that one of these consists of, in the order in which it has them. Any context.
    fn record(words: &Words<'_>, value: u64);

    /// Adds what was recorded in another one. Any context.
    fn merge(&mut self, other: &Self);

    /// Nothing was recorded. Any context.
    fn empty() -> Self {
        Self::new_zeroed()
    }

    /// Records `value`. Any context.
    fn add(&mut self, value: u64) {
        const { assert_words::<Self>() };
        // SAFETY: It consists of words, of which any value is valid, and nobody else uses it meanwhile.
        let words = unsafe { Words::new(self) };
        Self::record(&words, value);
    }
}

/// Whether one consists of words.
pub(super) const fn assert_words<V>() {
    assert!(
        size_of::<V>() % size_of::<u64>() == 0 && align_of::<V>() == align_of::<u64>(),
        "an Aggregate must consist of 64-bit words"
    );
    assert!(
        size_of::<V>() <= 1024,
        "an Aggregate is copied on the stack, and takes 1024 bytes at most"
    );
}

/// The words of an [`Aggregate`], which others may change at the same time.
pub struct Words<'a>(&'a [AtomicU64]);

impl Words<'_> {
    /// # Safety
    ///
    /// There must be a `V` at `value`, as long as these are used, which nobody uses meanwhile but as such words, and
    /// `assert_words::<V>()` pass. `V` must be valid whatever its words are.
    #[inline(always)]
    pub(super) unsafe fn new<V>(value: *mut V) -> Self {
        // SAFETY: The caller promises that there are as many.
        Self(unsafe {
            core::slice::from_raw_parts(value.cast(), size_of::<V>() / size_of::<u64>())
        })
    }

    /// Adds `n` to word `i`; nothing if there is none. It wraps around. Any context.
    #[inline(always)]
    pub fn add(&self, i: usize, n: u64) {
        if let Some(word) = self.0.get(i) {
            word.fetch_add(n, Relaxed);
        }
    }

    /// Sets word `i` to `n` if it is less; nothing if there is none. Any context.
    #[inline(always)]
    pub fn raise(&self, i: usize, n: u64) {
        if let Some(word) = self.0.get(i) {
            // Mostly it is not.
            if word.load(Relaxed) < n {
                word.fetch_max(n, Relaxed);
            }
        }
    }

    /// A copy, word by word.
    pub(super) fn copy<V: Aggregate>(&self) -> V {
        let mut value = V::empty();
        for (to, from) in value
            .as_mut_bytes()
            .chunks_exact_mut(size_of::<u64>())
            .zip(self.0)
        {
            to.copy_from_slice(&from.load(Relaxed).to_ne_bytes());
        }
        value
    }

    /// Makes them 0.
    pub(super) fn clear(&self) {
        for word in self.0 {
            word.store(0, Relaxed);
        }
    }
}

/// The sum of what is recorded: record 1 to count.
impl Aggregate for u64 {
    #[inline(always)]
    fn record(words: &Words<'_>, value: u64) {
        words.add(0, value);
    }

    fn merge(&mut self, other: &Self) {
        *self = self.wrapping_add(*other);
    }
}

impl Aggregate for Summary {
    #[inline(always)]
    fn record(words: &Words<'_>, value: u64) {
        words.add(0, 1);
        words.add(1, value);
        words.raise(2, value);
        words.raise(3, !value);
    }

    fn merge(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
        self.max = self.max.max(other.max);
        self.not_min = self.not_min.max(other.not_min);
    }
}

/// How often numbers of each power of two were seen, as in a [`Histogram`](crate::Histogram), as a value: 520 bytes. Prints as a
/// table with bars.
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct Log2([u64; histogram::BUCKETS]);

impl Log2 {
    /// How often there were numbers of each size: 0, then those from 2^(i-1) to 2^i - 1 for each `i`.
    pub fn counts(&self) -> &[u64] {
        &self.0
    }

    /// How many numbers there were.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl Aggregate for Log2 {
    #[inline(always)]
    fn record(words: &Words<'_>, value: u64) {
        words.add(histogram::bucket(value), 1);
    }

    fn merge(&mut self, other: &Self) {
        merge(&mut self.0, &other.0);
    }
}

impl Buckets for Log2 {
    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        (0..)
            .zip(self.0)
            .map(|(i, count)| histogram::range(i, count))
    }
}

impl Display for Log2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bars::draw(self, f)
    }
}

/// A [`Log2`] and the [`Summary`] of the same numbers: 552 bytes. To record one costs as much as for both.
///
/// In a report, the histogram comes with the summary.
///
/// # Examples
///
/// ```
/// use rprobes::{aggregate::Distribution, Aggregate};
///
/// # fn check() {
/// let mut sizes = Distribution::empty();
/// sizes.add(10);
/// sizes.add(20);
/// assert_eq!((sizes.log2().count(), sizes.summary().average()), (2, 15));
/// # }
/// ```
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Distribution {
    summary: Summary,
    log2: Log2,
}

impl Distribution {
    /// The histogram.
    pub fn log2(&self) -> &Log2 {
        &self.log2
    }

    /// Count, sum, least and greatest.
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

impl Aggregate for Distribution {
    #[inline(always)]
    fn record(words: &Words<'_>, value: u64) {
        const LOG2: usize = size_of::<Summary>() / size_of::<u64>();
        Summary::record(words, value);
        words.add(LOG2 + histogram::bucket(value), 1);
    }

    fn merge(&mut self, other: &Self) {
        self.summary.merge(&other.summary);
        self.log2.merge(&other.log2);
    }
}

impl Buckets for Distribution {
    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        self.log2.buckets()
    }

    fn summary(&self) -> Option<&Summary> {
        Some(&self.summary)
    }
}

/// How often there were numbers of each range, with `N` counters: for those below `START`, for each of `N - 2` ranges that are `WIDTH`
/// wide, and for those above.
///
/// # Examples
///
/// ```
/// use rprobes::{aggregate::Linear, Aggregate};
///
/// # fn check() {
/// /// From 100 to 119, 120 to 139, and so on to 199.
/// let mut sizes = Linear::<100, 20, 7>::empty();
/// sizes.add(7);
/// sizes.add(120);
/// assert_eq!((sizes.below(), sizes.counts(), sizes.above()), (1, &[0, 1, 0, 0, 0][..], 0));
/// # }
/// ```
#[derive(Clone, Copy, FromBytes, IntoBytes, Immutable)]
#[repr(transparent)]
pub struct Linear<const START: u64, const WIDTH: u64, const N: usize>([u64; N]);

impl<const START: u64, const WIDTH: u64, const N: usize> Linear<START, WIDTH, N> {
    /// Where the first range begins.
    pub const START: u64 = START;

    /// How wide a range is.
    pub const WIDTH: u64 = WIDTH;

    const ABOVE: usize = {
        assert!(
            WIDTH > 0 && N > 2,
            "there must be a range, and it must have a width"
        );
        N - 1
    };

    /// How many numbers there were in each range: the `i`-th begins at `START + i * WIDTH`.
    pub fn counts(&self) -> &[u64] {
        &self.0[1..Self::ABOVE]
    }

    /// How many were less than `START`.
    pub fn below(&self) -> u64 {
        self.0[0]
    }

    /// How many were greater than all in the last range.
    pub fn above(&self) -> u64 {
        self.0[Self::ABOVE]
    }

    /// How many numbers there were.
    pub fn count(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl<const START: u64, const WIDTH: u64, const N: usize> Aggregate for Linear<START, WIDTH, N> {
    #[inline(always)]
    fn record(words: &Words<'_>, value: u64) {
        let word = match value.checked_sub(START) {
            None => 0,
            Some(n) => (n / WIDTH).min(Self::ABOVE as u64 - 1) as usize + 1,
        };
        words.add(word, 1);
    }

    fn merge(&mut self, other: &Self) {
        merge(&mut self.0, &other.0);
    }
}

/// That of what was below, if there was any, begins with 0.
impl<const START: u64, const WIDTH: u64, const N: usize> Buckets for Linear<START, WIDTH, N> {
    fn buckets(&self) -> impl Iterator<Item = Bucket> {
        self.0.iter().enumerate().map(|(i, &count)| {
            // Where range `i` ends, and the next one begins.
            let end = |i: usize| START.saturating_add(WIDTH.saturating_mul(i as u64));
            Bucket {
                low: if i == 0 { 0 } else { end(i - 1) },
                high: if i == Self::ABOVE {
                    u64::MAX
                } else {
                    end(i).saturating_sub(1)
                },
                count,
            }
        })
    }
}

impl<const START: u64, const WIDTH: u64, const N: usize> Display for Linear<START, WIDTH, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        bars::draw(self, f)
    }
}

fn merge(counts: &mut [u64], others: &[u64]) {
    for (count, other) in counts.iter_mut().zip(others) {
        *count = count.wrapping_add(*other);
    }
}
