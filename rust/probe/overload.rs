// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What a guard has found, on its way from a hit to the kernel log.

use kernel::{
    fmt::{self, Display},
    sync::atomic::{Atomic, Relaxed},
};

/// More than a probe may do; prints as that.
#[derive(Clone, Copy)]
pub(super) enum Overload {
    /// So many hits within so many nanoseconds; and how many there may be within a second.
    Hits { hits: u64, within: u64, limit: u64 },
    /// So many nanoseconds of handlers within so many; and what percentage of a CPU that may be.
    Time { took: u64, within: u64, limit: u64 },
}

impl Display for Overload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MILLI: u64 = 1_000_000;
        match *self {
            Self::Hits {
                hits,
                within,
                limit,
            } => write!(
                f,
                "it was hit {} times within {} ms, and its guard allows {} hits per second",
                hits,
                within / MILLI,
                limit
            ),
            Self::Time {
                took,
                within,
                limit,
            } => write!(
                f,
                "its handler ran for {} ms within {} ms, and its guard allows {}% of a CPU",
                took / MILLI,
                within / MILLI,
                limit
            ),
        }
    }
}

/// An [`Overload`], if there is one. It is put there by one CPU at a time, and taken by a later one.
pub(super) struct Found {
    /// 0 if there is none.
    kind: Atomic<u32>,
    amount: Atomic<u64>,
    within: Atomic<u64>,
    limit: Atomic<u64>,
}

const HITS: u32 = 1;
const TIME: u32 = 2;

impl Found {
    pub(super) fn new() -> Self {
        Self {
            kind: Atomic::new(0),
            amount: Atomic::new(0),
            within: Atomic::new(0),
            limit: Atomic::new(0),
        }
    }

    pub(super) fn put(&self, overload: Overload) {
        let (kind, amount, within, limit) = match overload {
            Overload::Hits {
                hits,
                within,
                limit,
            } => (HITS, hits, within, limit),
            Overload::Time {
                took,
                within,
                limit,
            } => (TIME, took, within, limit),
        };
        self.amount.store(amount, Relaxed);
        self.within.store(within, Relaxed);
        self.limit.store(limit, Relaxed);
        // What has put it there queues work after this, and that takes it.
        self.kind.store(kind, Relaxed);
    }

    pub(super) fn take(&self) -> Option<Overload> {
        let kind = self.kind.xchg(0, Relaxed);
        let (amount, within, limit) = (
            self.amount.load(Relaxed),
            self.within.load(Relaxed),
            self.limit.load(Relaxed),
        );
        match kind {
            HITS => Some(Overload::Hits {
                hits: amount,
                within,
                limit,
            }),
            TIME => Some(Overload::Time {
                took: amount,
                within,
                limit,
            }),
            _ => None,
        }
    }
}
