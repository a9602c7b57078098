// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Deferred work, timers, guards and filters. Does what it is told to, and prints what was seen.

use core::hint::black_box;

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, Mutex,
    },
    time::{delay::fsleep, msecs_to_jiffies, Delta, Instant, Monotonic},
};
use rprobes::{
    deferred::Stats,
    guard::{Guarded, Limit},
    kprobe::{self, Kprobe, PreContext},
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    tracepoint::{self, HitContext, Tracepoint},
    Deferred, Fprobe, Target, Timer,
};

rprobes::module! {
    type: Module,
    name: "deferred",
    authors: ["The rprobes authors"],
    description: "Has work done later",
    license: "GPL",
    params: {
        what: string { default: "work", description: "work, irq, timers, leak, load, guard or filter" },
        filter: filter { description: "Which hits to count" },
    },
}

const TARGET: Target<'static> = Target::symbol(c"rprobes_deferred_target");

#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_deferred_target(n: usize) -> usize {
    black_box(n) + 1
}

fn call(n: usize) {
    let function: extern "C" fn(usize) -> usize = black_box(rprobes_deferred_target);
    function(n);
}

fn sleep(millis: i64) {
    fsleep(Delta::from_millis(millis));
}

/// Waits until something is true, 10 seconds at most; says whether it is.
fn until(mut done: impl FnMut() -> bool) -> bool {
    for _ in 0..2000 {
        if done() {
            return true;
        }
        sleep(5);
    }
    false
}

#[derive(Clone)]
struct Count(Arc<Atomic<u32>>);

impl Count {
    fn new() -> Result<Self> {
        Ok(Self(Arc::new(Atomic::new(0), GFP_KERNEL)?))
    }

    fn inc(&self) -> u32 {
        self.0.fetch_add(1, Relaxed)
    }

    fn get(&self) -> u32 {
        self.0.load(Relaxed)
    }
}

struct Pushes<W: Copy + Send + 'static>(Arc<Deferred<W>>);

#[vtable]
impl kprobe::Handler for Pushes<usize> {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.push(cx.regs().arg(0));
    }
}

fn print(what: &str, stats: Stats) {
    let Stats {
        queued,
        done,
        refused,
    } = stats;
    pr_info!("{what}: {queued} queued, {done} done, {refused} refused\n");
}

/// Work that goes on when the gate is open.
struct Gated {
    deferred: Deferred<u32>,
    begun: Count,
    open: Count,
}

fn gated(len: usize) -> Result<Gated> {
    let (begun, open) = (Count::new()?, Count::new()?);
    let (b, o) = (begun.clone(), open.clone());
    let deferred = Deferred::new(len, move |_| {
        b.inc();
        until(|| o.get() != 0);
    })?;
    Ok(Gated {
        deferred,
        begun,
        open,
    })
}

type Slot = Arc<Mutex<Option<Deferred<u32>>>>;

fn work() -> Result {
    // From a handler, in order, with a function that sleeps.
    let (in_order, mut last) = (Count::new()?, 0);
    let seen = in_order.clone();
    let deferred = Deferred::new(64, move |n: usize| {
        sleep(1);
        if n == last + 1 {
            seen.inc();
        }
        last = n;
    })?;
    let deferred = Arc::new(deferred, GFP_KERNEL)?;
    let probe = Kprobe::new(TARGET, Pushes(deferred.clone()));
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    for n in 1..=50 {
        call(n);
    }
    until(|| deferred.stats().done == 50);
    print("from a handler", deferred.stats());
    pr_info!("in order: {}\n", in_order.get());
    drop(probe);
    drop(deferred);

    // More than there is room for.
    let Gated {
        deferred,
        begun,
        open,
    } = gated(4)?;
    deferred.push(0);
    until(|| begun.get() == 1);
    let pushed = (0..10).filter(|n| deferred.push(*n)).count();
    print("overflow", deferred.stats());
    open.inc();
    until(|| deferred.stats().done == 5);
    print("overflow", deferred.stats());
    pr_info!("taken: {pushed}\n");
    drop(deferred);

    // What is queued is done before it is gone.
    let done = Count::new()?;
    let count = done.clone();
    let deferred = Deferred::new(16, move |()| {
        sleep(5);
        count.inc();
    })?;
    for _ in 0..16 {
        deferred.push(());
    }
    drop(deferred);
    let then = done.get();
    sleep(50);
    pr_info!("dropped: {} done, later {}\n", then, done.get());

    // It asks for more of itself.
    let (slot, calls): (Slot, _) = (Arc::pin_init(new_mutex!(None), GFP_KERNEL)?, Count::new()?);
    let (its_own, count) = (slot.clone(), calls.clone());
    let deferred = Deferred::new(2, move |left: u32| {
        count.inc();
        if left > 0 {
            its_own
                .lock()
                .as_ref()
                .map(|deferred| deferred.push(left - 1));
        }
    })?;
    deferred.push(100);
    *slot.lock() = Some(deferred);
    until(|| calls.get() == 101);
    pr_info!("again: {} calls\n", calls.get());
    // Not with the lock held, which the function takes.
    let deferred = slot.lock().take();
    drop(deferred);

    // It drops itself.
    let (its_own, calls) = (slot.clone(), Count::new()?);
    let (open, count) = (Count::new()?, calls.clone());
    let opened = open.clone();
    let deferred = Deferred::new(8, move |_| {
        until(|| opened.get() != 0);
        count.inc();
        drop(its_own.lock().take());
    })?;
    for n in 0..8 {
        deferred.push(n);
    }
    *slot.lock() = Some(deferred);
    open.inc();
    until(|| slot.lock().is_none());
    sleep(50);
    pr_info!("by itself: {} calls\n", calls.get());

    pr_info!("of length 0: {:?}\n", Deferred::new(0, |()| ()).err());
    Ok(())
}

/// From an interrupt, on whatever CPU.
fn irq() -> Result {
    let slept = Count::new()?;
    let count = slept.clone();
    let deferred = Deferred::new(64, move |_| {
        sleep(1);
        count.inc();
    })?;
    let deferred = Arc::new(deferred, GFP_KERNEL)?;
    let target = Target::symbol(c"update_process_times");
    let probe = Kprobe::new(target, Pushes(deferred.clone()));
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    until(|| slept.get() >= 5);
    drop(probe);
    let stats = deferred.stats();
    until(|| deferred.stats().done == stats.queued);
    let (some, all) = (slept.get() >= 5, u64::from(slept.get()) == stats.queued);
    pr_info!("interrupts: some {some}, all done {all}\n");
    Ok(())
}

/// Makes a timer where that is not possible.
struct InHandler(Atomic<i32>);

#[vtable]
impl kprobe::Handler for InHandler {
    fn pre(&self, _cx: &PreContext<'_>) {
        let timer = Timer::once(Delta::from_millis(1), || ());
        self.0
            .store(timer.err().map_or(0, |e| e.to_errno()), Relaxed);
    }
}

fn timers() -> Result {
    let begun: Instant<Monotonic> = Instant::now();
    let calls = Count::new()?;
    let count = calls.clone();
    let timer = Timer::every(Delta::from_millis(20), move || {
        count.inc();
    })?;
    until(|| calls.get() >= 20);
    let (elapsed, n) = (begun.elapsed().as_millis(), calls.get());
    drop(timer);
    let then = calls.get();
    sleep(100);
    pr_info!("every 20 ms: {n} calls in {elapsed} ms\n");
    // Not more than there is time for.
    let (not_early, none_later) = (i64::from(n) * 20 <= elapsed, calls.get() == then);
    pr_info!("every: not early {not_early}, none later {none_later}\n");

    let begun: Instant<Monotonic> = Instant::now();
    let (calls, at) = (Count::new()?, Count::new()?);
    let (count, millis) = (calls.clone(), at.clone());
    let timer = Timer::once(Delta::from_millis(30), move || {
        millis.0.store(begun.elapsed().as_millis() as u32, Relaxed);
        count.inc();
    })?;
    until(|| calls.get() == 1);
    sleep(100);
    let not_early = at.get() >= 30;
    pr_info!("once: {} calls, not early {not_early}\n", calls.get());
    drop(timer);

    // Before it expires.
    let calls = Count::new()?;
    let count = calls.clone();
    drop(Timer::once(Delta::from_millis(50), move || {
        count.inc();
    })?);
    sleep(150);
    pr_info!("dropped: {} calls\n", calls.get());

    // While it runs.
    for _ in 0..50 {
        let count = calls.clone();
        let timer = Timer::every(Delta::from_micros(100), move || {
            sleep(1);
            count.inc();
        })?;
        sleep(2);
        drop(timer);
    }
    let then = calls.get();
    sleep(50);
    let (some, none_later) = (then > 10, calls.get() == then);
    pr_info!("while it runs: some {some}, none later {none_later}\n");

    for nanos in [0, -5] {
        let timer = Timer::every(Delta::from_nanos(nanos), || ());
        pr_info!("every {nanos} ns: {:?}\n", timer.err());
    }
    let probe = Kprobe::new(TARGET, InHandler(Atomic::new(0)));
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    call(1);
    pr_info!("in a handler: {}\n", probe.handler().0.load(Relaxed));
    Ok(())
}

struct Nothing;

#[vtable]
impl kprobe::Handler for Nothing {}

/// All that can be leaked, and asks for more of it.
fn leak() -> Result {
    let deferred = Deferred::new(64, |_| sleep(1))?;
    let pushes = Pushes(Arc::new(deferred, GFP_KERNEL)?);
    let probe = Kprobe::new(Target::symbol(c"vfs_read"), pushes);
    core::mem::forget(KBox::pin_init(probe, GFP_KERNEL)?);
    let mut planted = 0;
    let timer = Timer::every(Delta::from_millis(1), move || {
        // Not in this module, which could not be unloaded at that moment.
        let target = Target::symbol(c"vfs_write");
        let probe = KBox::pin_init(Kprobe::new(target, Nothing), GFP_KERNEL);
        if planted < 5 {
            core::mem::forget(probe);
            planted += 1;
        }
        // This may be refused by now.
        if let Ok(timer) = Timer::every(Delta::from_millis(1), || sleep(1)) {
            core::mem::forget(timer);
        }
    })?;
    core::mem::forget(timer);
    // One that never expires.
    core::mem::forget(Timer::once(Delta::from_secs(1000), || ())?);
    Ok(())
}

/// Counts what comes through the guard, and takes its time.
struct Counts {
    entries: Atomic<u32>,
    returns: Atomic<u32>,
    micros: i64,
}

fn counts(micros: i64) -> Counts {
    Counts {
        entries: Atomic::new(0),
        returns: Atomic::new(0),
        micros,
    }
}

impl Counts {
    fn count(&self, count: &Atomic<u32>) {
        count.fetch_add(1, Relaxed);
        let begun: Instant<Monotonic> = Instant::now();
        while begun.elapsed().as_nanos() < self.micros * 1000 {}
    }
}

#[vtable]
impl kprobe::Handler for Counts {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.count(&self.entries);
    }

    fn post(&self, _cx: &kprobe::PostContext<'_>) {
        self.count(&self.returns);
    }
}

#[vtable]
impl kretprobe::Handler for Counts {
    type Data = ();

    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<()> {
        self.count(&self.entries);
        Entry::Trace(())
    }

    fn ret(&self, _cx: &RetContext<'_>, _data: &()) {
        self.count(&self.returns);
    }
}

impl tracepoint::Handler for Counts {
    fn hit(&self, _cx: &HitContext<'_>) {
        self.count(&self.entries);
    }
}

/// Calls until the probe is disarmed, and some times more; says how many of these calls the handler saw.
fn overrun(what: &str, counts: &Counts, disabled: impl Fn() -> Option<bool>, call: impl Fn()) {
    let (entries, returns) = (counts.entries.load(Relaxed), counts.returns.load(Relaxed));
    let begun: Instant<Monotonic> = Instant::now();
    while disabled() == Some(false) && begun.elapsed().as_millis() < 10_000 {
        (0..100).for_each(|_| call());
        // What disarms it may have to run on this CPU.
        sleep(1);
    }
    (0..10_000).for_each(|_| call());
    pr_info!(
        "{what}: {} entries, {} returns, disarmed {:?}\n",
        counts.entries.load(Relaxed) - entries,
        counts.returns.load(Relaxed) - returns,
        disabled()
    );
}

const MOST: Limit = Limit {
    hits_per_second: 1000,
    percent: 0,
};

fn guard() -> Result {
    let once = || call(1);

    let probe = Kprobe::new(TARGET, Guarded::new(MOST, counts(0)));
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    let disabled = || probe.stats().map(|stats| stats.disabled);
    // It may be hit 1000 times a second, and 300 times a second it is.
    let begun: Instant<Monotonic> = Instant::now();
    while begun.elapsed().as_millis() < 2500 {
        (0..3).for_each(|_| once());
        sleep(10);
    }
    pr_info!("few hits: disarmed {:?}\n", disabled());
    sleep(1000);
    overrun("kprobe", probe.handler(), disabled, once);
    probe.enable()?;
    overrun("again", probe.handler(), disabled, once);
    drop(probe);

    let probe = Kretprobe::new(TARGET, Guarded::new(MOST, counts(0)));
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    let disabled = || probe.stats().map(|stats| stats.disabled);
    overrun("kretprobe", probe.handler(), disabled, once);
    drop(probe);

    // A function of the kernel's, as those of Rust have no place for it before they are loaded.
    let function = Target::symbol(c"__msecs_to_jiffies");
    let probe = Fprobe::new(function, Guarded::new(MOST, counts(0)));
    let probe: Pin<KBox<Fprobe<_>>> = KBox::pin_init(probe, GFP_KERNEL)?;
    let disabled = || probe.stats().map(|stats| stats.disabled);
    overrun("fprobe", probe.handler(), disabled, || {
        black_box(msecs_to_jiffies(1));
    });
    drop(probe);

    let event = Target::tracepoint(c"kmalloc");
    let probe = Tracepoint::new(event, Guarded::new(MOST, counts(0)));
    let probe: Pin<KBox<Tracepoint<_>>> = KBox::pin_init(probe, GFP_KERNEL)?;
    let disabled = || probe.stats().map(|stats| stats.disabled);
    overrun("tracepoint", probe.handler(), disabled, || {
        let _ = black_box(KBox::new(1, GFP_KERNEL));
    });
    drop(probe);

    // A tenth of a CPU.
    let limit = Limit {
        hits_per_second: 0,
        percent: 10,
    };
    let probe = Kprobe::new(TARGET, Guarded::new(limit, counts(500)));
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    let disabled = || probe.stats().map(|stats| stats.disabled);
    overrun("time", probe.handler(), disabled, once);
    drop(probe);

    let none = Kprobe::new(TARGET, Guarded::new(Limit::default(), counts(0)));
    let none: Result<Pin<KBox<Kprobe<_>>>> = KBox::pin_init(none, GFP_KERNEL);
    pr_info!("no limit: {:?}\n", none.err());
    Ok(())
}

/// Counts all hits, and those that the user wants to see.
struct Filtered {
    all: Atomic<u32>,
    matching: Atomic<u32>,
}

#[vtable]
impl kprobe::Handler for Filtered {
    fn pre(&self, cx: &PreContext<'_>) {
        if params::filter.matches(cx) {
            self.matching.fetch_add(1, Relaxed);
        }
        self.all.fetch_add(1, Relaxed);
    }
}

/// Prints whenever there is something new.
fn filter() -> Result<Timer> {
    let handler = Filtered {
        all: Atomic::new(0),
        matching: Atomic::new(0),
    };
    let probe = Kprobe::new(Target::symbol(c"vfs_mkdir"), handler);
    let probe = KBox::pin_init(probe, GFP_KERNEL)?;
    let mut before = 0;
    Timer::every(Delta::from_millis(20), move || {
        let all = probe.handler().all.load(Relaxed);
        if all != before {
            let matching = probe.handler().matching.load(Relaxed);
            pr_info!("filter: {matching} of {all}\n");
            before = all;
        }
    })
}

struct Module {
    _timer: Option<Timer>,
    /// Goes while probes push to it, and after these.
    _probes: KVec<Pin<KBox<Kprobe<Pushes<usize>>>>>,
}

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut probes = KVec::new();
        let mut timer = None;
        match &*params::what.get()? {
            b"work" => work()?,
            b"irq" => irq()?,
            b"timers" => timers()?,
            b"leak" => leak()?,
            b"guard" => guard()?,
            b"filter" => timer = Some(filter()?),
            b"load" => {
                // Their function is slow, so there is a queue when the module goes.
                let deferred = Arc::new(Deferred::new(16, |_| sleep(1))?, GFP_KERNEL)?;
                for symbol in [c"vfs_read", c"vfs_write"] {
                    let probe = Kprobe::new(Target::symbol(symbol), Pushes(deferred.clone()));
                    probes.push(KBox::pin_init(probe, GFP_KERNEL)?, GFP_KERNEL)?;
                }
            }
            _ => return Err(EINVAL),
        }
        Ok(Self {
            _timer: timer,
            _probes: probes,
        })
    }
}
