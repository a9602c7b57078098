// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What entries of maps are found by.

use zerocopy::{Immutable, IntoBytes};

use crate::machine;

/// What entries of a [`Map`](crate::Map) and a [`PerCpuMap`](crate::PerCpuMap) are found by: plain data, of which two are the
/// same if all of their bytes are. So there must be none that nobody writes, such as those between a `u32` and a `u64`.
///
/// Integers are keys, arrays of them, and [`Comm`](crate::context::Comm); an address is a `usize`. A struct is one if it says so,
/// and has no padding, which the compiler looks at:
///
/// ```
/// use kernel::prelude::*;
/// use zerocopy_derive::Immutable;
///
/// #[derive(Clone, Copy, IntoBytes, Immutable)]
/// #[repr(C)]
/// struct Opened {
///     uid: u32,
///     pid: i32,
///     inode: u64,
/// }
/// # fn is_a_key<K: rprobes::map::Key>() {}
/// # fn check() { is_a_key::<Opened>() }
/// ```
pub trait Key: Copy + Send + IntoBytes + Immutable {}

impl<T: Copy + Send + IntoBytes + Immutable> Key for T {}

/// Whether these are the same.
#[inline(always)]
pub(super) fn same<K: Key>(a: &K, b: &K) -> bool {
    a.as_bytes() == b.as_bytes()
}

/// How keys are scattered: in another way in each map. It does not withstand somebody who chooses the keys.
pub(super) struct Hash {
    seed: u64,
}

/// Any odd number with as many ones as zeros: this is 2^64 divided by the golden ratio.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hash {
    pub(super) fn new() -> Self {
        Self {
            seed: machine::random(),
        }
    }

    /// All of its bits are good.
    #[inline(always)]
    pub(super) fn of<K: Key>(&self, key: &K) -> u32 {
        let mut hash = self.seed;
        let mut mix = |word: u64| {
            let product = u128::from(hash ^ word) * u128::from(MULTIPLIER);
            hash = product as u64 ^ (product >> 64) as u64;
        };
        let words = key.as_bytes().chunks_exact(size_of::<u64>());
        let rest = words.remainder();
        for bytes in words {
            let mut word = [0; size_of::<u64>()];
            word.copy_from_slice(bytes);
            mix(u64::from_ne_bytes(word));
        }
        if !rest.is_empty() {
            let mut word = [0; size_of::<u64>()];
            word[..rest.len()].copy_from_slice(rest);
            mix(u64::from_ne_bytes(word));
        }
        hash as u32
    }
}
