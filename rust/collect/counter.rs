// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Counting in handlers: each CPU has a copy of its own, so nothing is locked and no cache line is contended.
//!
//! C header: [`include/linux/percpu.h`](srctree/include/linux/percpu.h)

use kernel::prelude::*;

use crate::{bindings, machine::arch};

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

    /// Adds `n` to counter `I`, which must be below `N`. Any context; one instruction on x86, a call on arm64.
    #[inline(always)]
    pub fn add<const I: usize>(&self, n: u64) {
        const { assert!(I < N, "there is no such counter") };
        // SAFETY: By the type invariants.
        unsafe { arch::percpu_add::<I>(self.words, n) }
    }

    /// Adds 1 to counter `I`, which must be below `N`. Any context; one instruction on x86, a call on arm64.
    #[doc(alias = "this_cpu_inc")]
    #[inline(always)]
    pub fn inc<const I: usize>(&self) {
        const { assert!(I < N, "there is no such counter") };
        // SAFETY: By the type invariants.
        unsafe { arch::percpu_inc::<I>(self.words) }
    }

    /// Adds 1 to counter `i`. Any context.
    ///
    /// # Safety
    ///
    /// `i` must be below `N`.
    #[inline(always)]
    pub(super) unsafe fn inc_unchecked(&self, i: usize) {
        // SAFETY: By the type invariants, and the caller promises that there is such a word.
        unsafe { arch::percpu_inc::<0>(self.words.wrapping_add(i)) }
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

/// How many words there may be in one per-CPU allocation. C: `PCPU_MIN_UNIT_SIZE`.
const CHUNK: usize = 4096;

/// As many counters as are needed, by number: such as one for each function of an [`Fprobe`](crate::Fprobe).
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{fprobe::{self, Entry, EntryContext, Functions}, CounterArray, Fprobe};
///
/// struct Calls(CounterArray);
///
/// #[vtable]
/// impl fprobe::Handler for Calls {
///     type Data = ();
///
///     fn entry(&self, cx: &EntryContext<'_>) -> Entry<()> {
///         self.0.inc(cx.index());
///         Entry::Skip
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Fprobe<Calls>>>> {
///     let functions = Functions::matching(c"vfs_*");
///     let calls = Calls(CounterArray::new(functions.count()?)?);
///     KBox::pin_init(Fprobe::new(functions, calls), GFP_KERNEL)
/// }
/// ```
#[doc(alias = "alloc_percpu")]
pub struct CounterArray {
    chunks: KVec<Counters<CHUNK>>,
    len: usize,
}

impl CounterArray {
    /// Counters at 0. They take 8 bytes each on every CPU that there may be, in portions of 32 KiB. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn new(len: usize) -> Result<Self> {
        let mut chunks = KVec::new();
        for _ in 0..len.div_ceil(CHUNK) {
            chunks.push(Counters::new()?, GFP_KERNEL)?;
        }
        Ok(Self { chunks, len })
    }

    /// Adds 1 to counter `i`; nothing if there is none. Any context.
    #[inline(always)]
    pub fn inc(&self, i: usize) {
        if let Some(chunk) = self.chunks.get(i / CHUNK) {
            // SAFETY: It is below the length of the chunk.
            unsafe { chunk.inc_unchecked(i % CHUNK) }
        }
    }

    /// The sum of counter `i` over all CPUs; those that are adding meanwhile may be counted or not. 0 if there is no
    /// such counter. Any context.
    pub fn sum(&self, i: usize) -> u64 {
        self.chunks
            .get(i / CHUNK)
            .map_or(0, |chunk| chunk.sum(i % CHUNK))
    }

    /// How many there are. Any context.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none. Any context.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}
