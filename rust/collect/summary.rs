// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is said of many numbers in a line.

use kernel::prelude::*;
use zerocopy_derive::Immutable;

/// How many numbers there were, their sum, and the least and the greatest of them.
///
/// # Examples
///
/// ```
/// use rprobes::{Aggregate, Summary};
///
/// # fn check() {
/// let mut sizes = Summary::empty();
/// sizes.add(10);
/// sizes.add(20);
/// assert_eq!((sizes.average(), sizes.min(), sizes.max()), (15, 10, 20));
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable)]
#[repr(C)]
pub struct Summary {
    pub(super) count: u64,
    pub(super) sum: u64,
    pub(super) max: u64,
    /// Its complement, so that 0 is above all.
    pub(super) not_min: u64,
}

impl Summary {
    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum. It wraps around.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The least; 0 if there was none.
    pub fn min(&self) -> u64 {
        if self.count == 0 {
            0
        } else {
            !self.not_min
        }
    }

    /// The greatest; 0 if there was none.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// Their average, rounded down; 0 if there was none.
    pub fn average(&self) -> u64 {
        self.sum.checked_div(self.count).unwrap_or(0)
    }
}
