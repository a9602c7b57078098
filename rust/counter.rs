// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Counting in handlers: each CPU has a copy of its own, so nothing is locked and no cache line is fought for.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use crate::{arch, bindings};

/// `N` counters that handlers add to and others read. Several in one cost less than several [`Counter`]s.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, Kprobe, PreContext}, Counters, Target};
///
/// /// Calls, and bytes asked for.
/// struct Reads(Counters<2>);
///
/// #[vtable]
/// impl kprobe::Handler for Reads {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.0.inc::<0>();
///         self.0.add::<1>(cx.regs().arg(2) as u64);
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Kprobe<Reads>>>> {
///     KBox::pin_init(Kprobe::new(Target::symbol(c"vfs_read"), Reads(Counters::new()?)), GFP_KERNEL)
/// }
/// ```
///
/// # Invariants
///
/// `words` is an allocation of `rprobes_percpu_alloc` of `N` words.
#[doc(alias = "this_cpu_add")]
pub struct Counters<const N: usize> {
    words: *mut u64,
}

// SAFETY: Any CPU adds to its own copy, and others only read it, a word at a time.
unsafe impl<const N: usize> Send for Counters<N> {}
// SAFETY: As above.
unsafe impl<const N: usize> Sync for Counters<N> {}

/// One counter.
pub type Counter = Counters<1>;

impl<const N: usize> Counters<N> {
    /// Counters at 0. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    #[doc(alias = "alloc_percpu")]
    pub fn new() -> Result<Self> {
        // SAFETY: Called in process context, says the documentation.
        let words = unsafe { bindings::rprobes_percpu_alloc(N) };
        if words.is_null() {
            return Err(ENOMEM);
        }
        // INVARIANT: It was allocated just now.
        Ok(Self { words })
    }

    /// Adds `n` to counter `I`, which must be below `N`. Any context; one instruction on x86.
    #[inline(always)]
    pub fn add<const I: usize>(&self, n: u64) {
        const { assert!(I < N, "there is no such counter") };
        // SAFETY: By the type invariants.
        unsafe { arch::percpu_add::<I>(self.words, n) }
    }

    /// Adds 1 to counter `I`, which must be below `N`. Any context; one instruction on x86.
    #[doc(alias = "this_cpu_inc")]
    #[inline(always)]
    pub fn inc<const I: usize>(&self) {
        const { assert!(I < N, "there is no such counter") };
        // SAFETY: By the type invariants.
        unsafe { arch::percpu_inc::<I>(self.words) }
    }

    /// The sum of counter `i` over all CPUs; those that are adding meanwhile may be counted or not. 0 if there is no
    /// such counter. Any context.
    pub fn sum(&self, i: usize) -> u64 {
        if i >= N {
            return 0;
        }
        // SAFETY: By the type invariants.
        unsafe { bindings::rprobes_percpu_sum(self.words.wrapping_add(i)) }
    }
}

impl<const N: usize> Drop for Counters<N> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants, and nobody refers to it any more.
        unsafe { bindings::rprobes_percpu_free(self.words) }
    }
}

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
pub struct Histogram(Counters<{ Self::BUCKETS }>);

impl Histogram {
    /// How many buckets there are: one for 0, and one for each power of two that fits in 64 bits.
    pub const BUCKETS: usize = 65;

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
        let bucket = (u64::BITS - value.leading_zeros()) as usize;
        // SAFETY: A number of bits is at most 64, so it is a word of the allocation.
        unsafe { arch::percpu_inc::<0>(self.0.words.wrapping_add(bucket)) }
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

impl Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const BAR: &str = "########################################";
        let used = |i: &usize| self.bucket(*i) != 0;
        let (Some(first), Some(last)) = (
            (0..Self::BUCKETS).find(used),
            (0..Self::BUCKETS).rev().find(used),
        ) else {
            return f.write_str("nothing recorded\n");
        };
        let most = (first..=last)
            .map(|i| self.bucket(i))
            .max()
            .unwrap_or(1)
            .max(1);
        for i in first..=last {
            let count = self.bucket(i);
            let low = if i == 0 { 0 } else { 1u64 << (i - 1) };
            // For 64 bits, what is shifted out of 128 is not missed.
            let high = ((1u128 << i) - 1) as u64;
            let bar = &BAR[..(count as usize * BAR.len() / most as usize).min(BAR.len())];
            writeln!(f, "{low:>20} .. {high:<20} {count:>10} |{bar:<40}|")?;
        }
        Ok(())
    }
}
