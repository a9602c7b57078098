// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Measures probes; bench_c.c is the same in C. With `unregister=n` it measures instead how long it takes to
//! unregister n probes, one by one and as a set.

use kernel::{
    prelude::*,
    sync::Arc,
    time::{delay::fsleep, Delta, Instant, Monotonic},
};
use rprobes::{
    kprobe::{self, Kprobe, PostContext, PreContext},
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    Counters, ProbeSet, Target,
};

rprobes::module! {
    type: Bench,
    name: "bench",
    authors: ["The rprobes authors"],
    description: "Measures probes written in Rust",
    license: "GPL",
    params: {
        what: string { default: "entry", description: "What to measure" },
        unregister: u32 { default: 0, description: "Measure how long it takes to unregister so many probes" },
    },
}

const CALLS: usize = 100_000;
const TARGET: Target<'static> = Target::symbol(c"rprobes_bench_target");

extern "C" {
    fn rprobes_bench_run(calls: usize) -> u64;
    static rprobes_bench_offset: u32;
}

fn run(calls: usize) -> u64 {
    // SAFETY: The function only calls another, so many times.
    unsafe { rprobes_bench_run(calls) }
}

fn inside() -> Target<'static> {
    // SAFETY: It never changes.
    TARGET.offset(unsafe { rprobes_bench_offset })
}

/// Hits, and a sum of what was seen.
type Seen = Counters<2>;
const HITS: usize = 0;
const SUM: usize = 1;

struct Pre(Seen);

#[vtable]
impl kprobe::Handler for Pre {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.add::<SUM>(cx.regs().arg(0) as u64);
        self.0.inc::<HITS>();
    }
}

struct PreAndPost(Seen);

#[vtable]
impl kprobe::Handler for PreAndPost {
    fn pre(&self, cx: &PreContext<'_>) {
        self.0.add::<SUM>(cx.regs().arg(0) as u64);
        self.0.inc::<HITS>();
    }

    fn post(&self, _cx: &PostContext<'_>) {
        self.0.inc::<HITS>();
    }
}

struct Ret(Seen);

#[vtable]
impl kretprobe::Handler for Ret {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_>, _data: &()) {
        self.0.add::<SUM>(cx.return_value() as u64);
        self.0.inc::<HITS>();
    }
}

struct RetWithData(Seen);

#[vtable]
impl kretprobe::Handler for RetWithData {
    type Data = usize;

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<usize> {
        Entry::Trace(cx.regs().arg(0))
    }

    fn ret(&self, cx: &RetContext<'_>, argument: &usize) {
        self.0
            .add::<SUM>(cx.return_value().wrapping_sub(*argument) as u64);
        self.0.inc::<HITS>();
    }
}

/// Hundredths of a nanosecond for each call, more than `without`.
fn with_probe(without: u64) -> u64 {
    run(1000);
    run(CALLS).wrapping_sub(without) * 100 / CALLS as u64
}

fn kprobe<T: kprobe::Handler>(target: Target<'static>, handler: T) -> Result<Pin<KBox<Kprobe<T>>>> {
    KBox::pin_init(Kprobe::new(target, handler), GFP_KERNEL)
}

fn kretprobe<T: kretprobe::Handler>(handler: T) -> Result<Pin<KBox<Kretprobe<T>>>> {
    KBox::pin_init(Kretprobe::new(TARGET, handler), GFP_KERNEL)
}

fn measure(what: &[u8]) -> Result<(u64, u64)> {
    run(1000);
    let without = run(CALLS);
    Ok(match what {
        b"entry" => {
            let probe = kprobe(TARGET, Pre(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"entry_post" => {
            let probe = kprobe(TARGET, PreAndPost(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"jump" => {
            let probe = kprobe(inside(), Pre(Seen::new()?))?;
            for _ in 0..500 {
                if probe.stats().is_some_and(|stats| stats.optimised) {
                    break;
                }
                fsleep(Delta::from_millis(10));
            }
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"int3" => {
            let probe = kprobe(inside(), PreAndPost(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"ret" => {
            let probe = kretprobe(Ret(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"ret_data" => {
            let probe = kretprobe(RetWithData(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        _ => return Err(EINVAL),
    })
}

/// Microseconds to unregister `n` probes, at one place inside the function: as a set, and one by one.
fn unregister(n: u32) -> Result<(i64, i64)> {
    let seen = Arc::new(PreAndPost(Seen::new()?), GFP_KERNEL)?;
    let mut set = ProbeSet::builder();
    for _ in 0..n {
        set.kprobe(inside(), seen.clone())?;
    }
    let set = set.register()?;
    run(1);
    let begun: Instant<Monotonic> = Instant::now();
    drop(set);
    let together = begun.elapsed().as_micros_ceil();

    let mut probes = KVec::new();
    for _ in 0..n {
        probes.push(kprobe(inside(), seen.clone())?, GFP_KERNEL)?;
    }
    let begun: Instant<Monotonic> = Instant::now();
    drop(probes);
    Ok((together, begun.elapsed().as_micros_ceil()))
}

struct Bench;

impl kernel::Module for Bench {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let n = params::unregister.value();
        if n > 0 {
            let (together, one_by_one) = unregister(n)?;
            pr_info!("unregister {} {} {}\n", n, together, one_by_one);
            return Ok(Self);
        }
        let what = params::what.get()?;
        let (hundredths, hits) = measure(&what)?;
        pr_info!("{} {} hits {}\n", what, hundredths, hits);
        Ok(Self)
    }
}
