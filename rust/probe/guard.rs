// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A limit to what a probe may do to the machine: a probe that does more is disarmed, and the kernel log says so.
//!
//! A probe on what is called a million times a second takes the machine away from everybody else. As SystemTap does, a guard
//! watches for that: see [`Guarded`].

use core::{
    ops::Deref,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use kernel::prelude::*;

use super::{
    context::{Context, FaultContext},
    kprobe::{self, PostContext, PreContext},
    kretprobe::{self, Entry, EntryContext, RetContext},
    node::Core,
    overload::Overload,
    tracepoint::{self, HitContext},
};
use crate::{
    bindings, machine,
    types::{Signature, TracepointSignature},
};

/// How much a probe may do; 0 is no limit. One of them is needed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// How many hits there may be within a second, on all CPUs together.
    pub hits_per_second: u32,
    /// How many percent of one CPU the handlers may take, on all CPUs together. What the kernel does to call them is not counted.
    pub percent: u32,
}

/// A handler with a guard. It is a handler of what it guards, of a [`kprobe`], a [`kretprobe`] or an [`fprobe`](super::fprobe), or of a
/// [`tracepoint`], and costs only the probes that have it.
///
/// At a hit that is one too many, the handler is not called any more, and the probe is disarmed a moment later. The kernel log says so
/// in one line, with the probe, its hits or the time of its handlers, and the limit. [`enable`](crate::Planted::enable) arms it again, also from a
/// [`Timer`](crate::Timer), and the count begins anew. Calls that a return probe follows by then are followed to their return.
///
/// What is counted is counted anew every second, on each CPU alone, and added up now and then. So it may be 2 percent more than the limit, and
/// within a second that does not begin where those of the guard do, twice as many. If several probes share a guard by an [`Arc`](kernel::sync::Arc), they share the limit, and
/// the one that is hit too often is disarmed.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::atomic::{Atomic, Relaxed}};
/// use rprobes::{guard::{Guarded, Limit}, kprobe::{self, Kprobe, PreContext}, Target};
///
/// struct Count(Atomic<u64>);
///
/// #[vtable]
/// impl kprobe::Handler for Count {
///     fn pre(&self, _cx: &PreContext<'_>) {
///         self.0.fetch_add(1, Relaxed);
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Kprobe<Guarded<Count>>>>> {
///     let limit = Limit { hits_per_second: 100_000, percent: 20 };
///     let handler = Guarded::new(limit, Count(Atomic::new(0)));
///     KBox::pin_init(Kprobe::new(Target::symbol(c"vfs_read"), handler), GFP_KERNEL)
/// }
///
/// fn hits(probe: &Kprobe<Guarded<Count>>) -> u64 {
///     probe.handler().0.load(Relaxed)
/// }
/// ```
#[pin_data]
pub struct Guarded<T> {
    guard: Guard,
    #[pin]
    handler: T,
}

impl<T> Guarded<T> {
    /// A guard for `handler`. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there is no limit, and [`ENOMEM`]; and the error of the handler's initialiser.
    pub fn new<'a, E>(
        limit: Limit,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        try_pin_init!(Self {
            guard: Guard::new(limit)?,
            handler <- handler,
        })
    }

    /// Calls the handler for a hit, unless there were too many.
    #[inline(always)]
    fn begin<P, F, R>(&self, cx: &Context<'_, P, F>, handler: impl FnOnce() -> R) -> Option<R> {
        self.guard
            .admits(cx.core())
            .then(|| self.guard.timed(cx.core(), handler))
    }

    /// Calls the handler for what has begun.
    #[inline(always)]
    fn go_on<P, F, R>(&self, cx: &Context<'_, P, F>, handler: impl FnOnce() -> R) -> R {
        self.guard.timed(cx.core(), handler)
    }
}

struct Guard {
    limit: Limit,
    hits: Option<Meter>,
    time: Option<Meter>,
}

impl Guard {
    fn new(limit: Limit) -> Result<Self> {
        if limit == Limit::default() {
            log!(
                ERR,
                "a guard without a limit guards nothing; give it hits_per_second or percent\n"
            );
            return Err(EINVAL);
        }
        Ok(Self {
            limit,
            hits: Meter::new(limit.hits_per_second.into())?,
            time: Meter::new(u64::from(limit.percent) * (SECOND / 100))?,
        })
    }

    /// Counts a hit, and says whether it may go to the handler.
    #[inline(always)]
    fn admits(&self, core: &Core) -> bool {
        if core.is_overloaded() {
            return false;
        }
        match &self.hits {
            Some(meter) if meter.add(1) => self.admits_all(core, meter),
            _ => true,
        }
    }

    #[cold]
    #[inline(never)]
    fn admits_all(&self, core: &Core, meter: &Meter) -> bool {
        let found = meter.add_up(timestamp());
        if let Some((hits, within)) = found {
            core.overloaded(Overload::Hits {
                hits,
                within,
                limit: self.limit.hits_per_second.into(),
            });
        }
        found.is_none()
    }

    /// Calls `handler`, and adds the time that it takes.
    #[inline(always)]
    fn timed<R>(&self, core: &Core, handler: impl FnOnce() -> R) -> R {
        match &self.time {
            None => handler(),
            Some(meter) => self.clocked(core, meter, handler),
        }
    }

    /// Apart, for those that have no limit of it.
    #[inline(never)]
    fn clocked<R>(&self, core: &Core, meter: &Meter, handler: impl FnOnce() -> R) -> R {
        let begun = timestamp();
        let result = handler();
        let now = timestamp();
        if meter.add(now.saturating_sub(begun)) {
            if let Some((took, within)) = meter.add_up(now) {
                core.overloaded(Overload::Time {
                    took,
                    within,
                    limit: self.limit.percent.into(),
                });
            }
        }
        result
    }
}

fn timestamp() -> u64 {
    // SAFETY: May be called anywhere, also in an NMI.
    unsafe { bindings::rprobes_timestamp() }
}

/// The handler, to read what it has gathered.
impl<T> Deref for Guarded<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.handler
    }
}

impl<F: Signature, T: kprobe::Handler<F>> kprobe::Handler<F> for Guarded<T> {
    #[cfg(have_owner_module)]
    type OwnerModule = T::OwnerModule;
    const USE_VTABLE_ATTR: () = ();
    const HAS_PRE: bool = T::HAS_PRE;
    const HAS_POST: bool = T::HAS_POST;
    const HAS_FAULT: bool = T::HAS_FAULT;
    const REDIRECTS: bool = T::REDIRECTS;

    #[inline(always)]
    fn pre(&self, cx: &PreContext<'_, F>) {
        self.begin(cx, || T::pre(&self.handler, cx));
    }

    #[inline(always)]
    fn post(&self, cx: &PostContext<'_, F>) {
        if !T::HAS_PRE {
            self.begin(cx, || T::post(&self.handler, cx));
        } else if !cx.core().is_overloaded() {
            self.go_on(cx, || T::post(&self.handler, cx));
        }
    }

    #[inline(always)]
    fn fault(&self, cx: &FaultContext<'_>) {
        T::fault(&self.handler, cx);
    }
}

impl<F: Signature, T: kretprobe::Handler<F>> kretprobe::Handler<F> for Guarded<T> {
    #[cfg(have_owner_module)]
    type OwnerModule = T::OwnerModule;
    type Data = T::Data;
    const USE_VTABLE_ATTR: () = ();
    const HAS_ENTRY: bool = T::HAS_ENTRY;
    const HAS_RET: bool = T::HAS_RET;
    const HAS_FAULT: bool = T::HAS_FAULT;

    #[inline(always)]
    fn entry(&self, cx: &EntryContext<'_, F>) -> Entry<Self::Data> {
        self.begin(cx, || T::entry(&self.handler, cx))
            .unwrap_or(Entry::Skip)
    }

    #[inline(always)]
    fn ret(&self, cx: &RetContext<'_, F>, data: &Self::Data) {
        if T::HAS_ENTRY {
            self.go_on(cx, || T::ret(&self.handler, cx, data));
        } else {
            self.begin(cx, || T::ret(&self.handler, cx, data));
        }
    }

    #[inline(always)]
    fn fault(&self, cx: &FaultContext<'_>) {
        T::fault(&self.handler, cx);
    }
}

impl<F: TracepointSignature, T: tracepoint::Handler<F>> tracepoint::Handler<F> for Guarded<T> {
    #[inline(always)]
    fn hit(&self, cx: &HitContext<'_, F>) {
        self.begin(cx, || T::hit(&self.handler, cx));
    }
}

/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// Adds up something, for a second each time.
struct Meter {
    limit: u64,
    /// How much a CPU keeps to itself.
    most: u64,
    cpus: KVec<Cpu>,
    /// The number of the second, and below it the sum.
    sum: AtomicU64,
}

/// How many bits the sum has.
const SUM: u32 = 42;
const MAX: u64 = (1 << SUM) - 1;

/// What a CPU has not added yet. CPUs do not share lines of their caches.
#[repr(align(64))]
struct Cpu(AtomicU64);

impl Meter {
    /// None if there is no limit.
    fn new(limit: u64) -> Result<Option<Self>> {
        if limit == 0 {
            return Ok(None);
        }
        let count = machine::cpus().max(1);
        let mut cpus = KVec::with_capacity(count as usize, GFP_KERNEL)?;
        for _ in 0..count {
            cpus.push(Cpu(AtomicU64::new(0)), GFP_KERNEL)?;
        }
        // More than this is no limit, either.
        let limit = limit.min(MAX - 1);
        Ok(Some(Self {
            limit,
            most: limit / 64 / u64::from(count),
            cpus,
            sum: AtomicU64::new(0),
        }))
    }

    /// Whether there is something to be added up on this CPU. Any context.
    #[inline(always)]
    fn add(&self, n: u64) -> bool {
        let Some(Cpu(sum)) = self.cpus.get(machine::cpu() as usize) else {
            return false;
        };
        sum.fetch_add(n, Relaxed).wrapping_add(n) > self.most
    }

    /// Adds up; returns what there was within how many nanoseconds, if that is too much. Any context.
    #[cold]
    fn add_up(&self, now: u64) -> Option<(u64, u64)> {
        let cpu = self.cpus.get(machine::cpu() as usize)?;
        let n = cpu.0.swap(0, Relaxed);
        let (second, within) = (now / SECOND & u64::MAX >> SUM, now % SECOND);
        let mut old = self.sum.load(Relaxed);
        loop {
            // The clock of the CPU that was here last may be ahead a little; its second is as good.
            let (last, before) = (old >> SUM, old & MAX);
            let (second, before) = if last == second || last == second + 1 {
                (last, before)
            } else {
                (second, 0)
            };
            let sum = before.saturating_add(n).min(MAX);
            let is_too_much = sum > self.limit;
            // After that, it begins anew.
            let new = second << SUM | if is_too_much { 0 } else { sum };
            match self.sum.compare_exchange_weak(old, new, Relaxed, Relaxed) {
                Ok(_) => return is_too_much.then_some((sum, within)),
                Err(other) => old = other,
            }
        }
    }
}
