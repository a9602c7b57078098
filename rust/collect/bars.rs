// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Histograms as people read them.

use core::fmt::{self, Write};

use super::summary::Summary;

/// How many values there were from `low` to `high`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// The lowest value.
    pub low: u64,
    /// The highest value.
    pub high: u64,
    /// How many there were.
    pub count: u64,
}

/// What counts values by their size: a histogram of any kind.
pub trait Buckets {
    /// All buckets, the lowest first.
    fn buckets(&self) -> impl Iterator<Item = Bucket>;

    /// What else is said of the values in a report, if that is known.
    fn summary(&self) -> Option<&Summary> {
        None
    }

    /// Those from the first that is not empty to the last.
    fn used(&self) -> impl Iterator<Item = Bucket> {
        let is_used = |bucket: &Bucket| bucket.count != 0;
        let end = self
            .buckets()
            .enumerate()
            .filter(|(_, bucket)| is_used(bucket))
            .last()
            .map_or(0, |(i, _)| i + 1);
        let first = self.buckets().position(|bucket| is_used(&bucket));
        let first = first.unwrap_or(end).min(end);
        self.buckets().skip(first).take(end - first)
    }
}

/// Draws a line with a bar for each bucket in use.
pub(crate) fn draw(histogram: &impl Buckets, out: &mut dyn Write) -> fmt::Result {
    let Some(most) = histogram.used().map(|bucket| bucket.count).max() else {
        return out.write_str("nothing recorded\n");
    };
    histogram
        .used()
        .try_for_each(|bucket| line(bucket, most, out))
}

/// Draws the line of a bucket, of which the fullest has `most`. Counts may have changed meanwhile.
fn line(Bucket { low, high, count }: Bucket, most: u64, out: &mut dyn Write) -> fmt::Result {
    const BAR: &str = "########################################";
    const LEN: u64 = BAR.len() as u64;
    let len = match count.checked_mul(LEN) {
        Some(product) => product.checked_div(most),
        None => count.checked_div(most / LEN),
    };
    let bar = &BAR[..len.unwrap_or(0).min(LEN) as usize];
    writeln!(out, "{low:>20} .. {high:<20} {count:>10} |{bar:<40}|")
}
