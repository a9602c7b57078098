// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Measures probes; bench_c.c is the same in C. With `many=n` it measures instead how long it takes to register and to
//! unregister probes of n functions.

use core::hint::black_box;

use kernel::{
    prelude::*,
    str::{CStrExt, CString},
    sync::Arc,
    time::{delay::fsleep, Delta, Instant, Monotonic},
};
use rprobes::{
    fprobe::{self, Fprobe, Functions, Mechanism, Options},
    guard::{Guarded, Limit},
    kprobe::{self, Kprobe, PostContext, PreContext},
    kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext},
    read,
    stream::{self, Pushed, Record},
    trace, trace_printk,
    tracepoint::{self, HitContext, Tracepoint},
    tracing,
    types::Signature,
    Counters, Map, PerCpuMap, ProbeSet, Stream, Target,
};

rprobes::module! {
    type: Bench,
    name: "bench",
    authors: ["The rprobes authors"],
    description: "Measures probes written in Rust",
    license: "GPL",
    params: {
        what: string { default: "entry", description: "What to measure" },
        many: u32 { default: 0, description: "Measure how long it takes to register so many probes" },
        cpus: bool { default: false, description: "Measure on all CPUs at once" },
        filter: filter { description: "What to count of filter_none and filter_no" },
    },
}

rprobes::kernel_types! {
    fn bench_target:rprobes_bench_target;
    fn bench_target:rprobes_bench_member;
    tracepoint bench_target:rprobes_bench_tracepoint;
}

rprobes::event! {
    /// As in bench_c_event.h.
    struct Read {
        pid: i32,
        bytes: u64,
        name: [u8; 16],
    }
}

rprobes::record! {
    /// 64 bytes.
    struct Words {
        words: [u64; 8],
    }
}

impl Record for Words {
    fn write_line(
        &self,
        _pushed: &Pushed<'_>,
        f: &mut kernel::fmt::Formatter<'_>,
    ) -> kernel::fmt::Result {
        f.write_fmt(fmt!("{:?}", self.words))
    }
}

const CALLS: usize = 100_000;
const TARGET: Target<'static> = Target::symbol(c"rprobes_bench_target");

extern "C" {
    fn rprobes_bench_run(calls: usize) -> u64;
    fn rprobes_bench_run_on_all(calls: usize) -> u64;
    fn rprobes_bench_run_member(calls: usize) -> u64;
    fn rprobes_bench_run_tracepoint(calls: usize) -> u64;
    fn rprobes_bench_call_many();
    fn trace_set_clr_event(system: *const c_char, event: *const c_char, set: c_int) -> c_int;
    static rprobes_bench_offset: u32;
    static rprobes_bench_many_offset: u32;
}

fn run(calls: usize) -> u64 {
    let run = if params::cpus.value() {
        rprobes_bench_run_on_all
    } else {
        rprobes_bench_run
    };
    // SAFETY: Both only call another function, so many times. This is process context, where one may wait for all CPUs.
    unsafe { run(calls) }
}

fn run_member(calls: usize) -> u64 {
    // SAFETY: The function only calls another, so many times.
    unsafe { rprobes_bench_run_member(calls) }
}

fn run_tracepoint(calls: usize) -> u64 {
    // SAFETY: The function only comes by a tracepoint, so many times.
    unsafe { rprobes_bench_run_tracepoint(calls) }
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

/// As `Pre`, with the argument by its name.
struct Argument(Seen);

#[vtable]
impl kprobe::Handler<rprobes_bench_target> for Argument {
    fn pre(&self, cx: &PreContext<'_, rprobes_bench_target>) {
        self.0.add::<SUM>(cx.args().n() as u64);
        self.0.inc::<HITS>();
    }
}

/// Counts what the user asks for.
struct Filtered(Seen);

#[vtable]
impl kprobe::Handler for Filtered {
    fn pre(&self, cx: &PreContext<'_>) {
        if params::filter.matches(cx) {
            self.0.inc::<HITS>();
        }
    }
}

struct Count(Seen);

#[vtable]
impl kprobe::Handler for Count {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.0.inc::<HITS>();
    }
}

struct Member(Seen);

#[vtable]
impl kprobe::Handler<rprobes_bench_member> for Member {
    fn pre(&self, cx: &PreContext<'_, rprobes_bench_member>) {
        if let Ok(value) = read!(cx, cx.args().of() => value) {
            self.0.add::<SUM>(value as u64);
            self.0.inc::<HITS>();
        }
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

/// As `Ret` and `RetWithData`, and at the entry, for the function by its name.
struct Function(Seen);

#[vtable]
impl fprobe::Handler<rprobes_bench_target> for Function {
    type Data = ();

    fn entry(&self, cx: &EntryContext<'_, rprobes_bench_target>) -> Entry<()> {
        self.0.add::<SUM>(cx.args().n() as u64);
        self.0.inc::<HITS>();
        Entry::Skip
    }
}

struct FunctionRet(Seen);

#[vtable]
impl fprobe::Handler<rprobes_bench_target> for FunctionRet {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_, rprobes_bench_target>, _data: &()) {
        self.0.add::<SUM>(cx.return_value() as u64);
        self.0.inc::<HITS>();
    }
}

struct FunctionRetWithData(Seen);

#[vtable]
impl fprobe::Handler<rprobes_bench_target> for FunctionRetWithData {
    type Data = usize;

    fn entry(&self, cx: &EntryContext<'_, rprobes_bench_target>) -> Entry<usize> {
        Entry::Trace(cx.args().n())
    }

    fn ret(&self, cx: &RetContext<'_, rprobes_bench_target>, argument: &usize) {
        self.0
            .add::<SUM>(cx.return_value().wrapping_sub(*argument) as u64);
        self.0.inc::<HITS>();
    }
}

/// At the entries of many functions.
struct Entries(Seen);

#[vtable]
impl fprobe::Handler for Entries {
    type Data = ();

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<()> {
        self.0.add::<SUM>(cx.regs().arg(0) as u64);
        self.0.inc::<HITS>();
        Entry::Skip
    }
}

struct Hit(Seen);

impl tracepoint::Handler<rprobes_bench_tracepoint> for Hit {
    fn hit(&self, cx: &HitContext<'_, rprobes_bench_tracepoint>) {
        self.0.add::<SUM>(cx.args().n() as u64);
        self.0.inc::<HITS>();
    }
}

/// Hundredths of a nanosecond for each call, more than `without`.
fn with_probe(without: u64) -> u64 {
    with_probe_on(run, without)
}

fn with_probe_on(run: fn(usize) -> u64, without: u64) -> u64 {
    run(1000);
    run(CALLS).wrapping_sub(without) * 100 / CALLS as u64
}

fn kprobe<F: Signature, T: kprobe::Handler<F>>(
    target: Target<'static, F>,
    handler: T,
) -> Result<Pin<KBox<Kprobe<T, F>>>> {
    KBox::pin_init(Kprobe::new(target, handler), GFP_KERNEL)
}

fn kretprobe<T: kretprobe::Handler>(handler: T) -> Result<Pin<KBox<Kretprobe<T>>>> {
    KBox::pin_init(Kretprobe::new(TARGET, handler), GFP_KERNEL)
}

/// A probe on functions, if it is by the mechanism that is to be measured.
fn fprobe<'a, F: Signature, T: fprobe::Handler<F>>(
    functions: impl Into<Functions<'a, F>>,
    mechanism: Mechanism,
    handler: T,
) -> Result<Pin<KBox<Fprobe<T, F>>>> {
    let options = Options {
        mechanism: Some(mechanism),
        ..Options::default()
    };
    let handler = Ok::<_, Error>(handler);
    KBox::pin_init(Fprobe::with(functions, options, handler), GFP_KERNEL)
}

fn measure(what: &[u8]) -> Result<(u64, u64)> {
    run(1000);
    let without = run(CALLS);
    Ok(match what {
        b"entry" => {
            let probe = kprobe(TARGET, Pre(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        // The C twin is that of "entry".
        b"argument" => {
            let probe = kprobe(rprobes_bench_target::TARGET, Argument(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"count" => {
            let probe = kprobe(TARGET, Count(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"filter_none" => {
            let probe = kprobe(TARGET, Filtered(Seen::new()?))?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        // C does nothing.
        b"filter_no" => {
            let probe = kprobe(TARGET, Filtered(Seen::new()?))?;
            let cost = with_probe(without);
            if probe.handler().0.sum(HITS) != 0 {
                return Err(EINVAL);
            }
            (cost, CALLS as u64)
        }
        // C does without a guard.
        b"guarded" => {
            let limit = Limit {
                hits_per_second: u32::MAX,
                percent: 0,
            };
            let probe = Kprobe::new(TARGET, Guarded::new(limit, Count(Seen::new()?)));
            let probe: Pin<KBox<Kprobe<_>>> = KBox::pin_init(probe, GFP_KERNEL)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"member" => {
            run_member(1000);
            let without = run_member(CALLS);
            let probe = kprobe(rprobes_bench_member::TARGET, Member(Seen::new()?))?;
            (
                with_probe_on(run_member, without),
                probe.handler().0.sum(HITS),
            )
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
        b"direct" => {
            let handler = Function(Seen::new()?);
            let probe = fprobe(rprobes_bench_target::TARGET, Mechanism::Direct, handler)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"direct_ret" => {
            let handler = FunctionRet(Seen::new()?);
            let probe = fprobe(rprobes_bench_target::TARGET, Mechanism::Direct, handler)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"direct_ret_data" => {
            let handler = FunctionRetWithData(Seen::new()?);
            let probe = fprobe(rprobes_bench_target::TARGET, Mechanism::Direct, handler)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"ops" => {
            let handler = Entries(Seen::new()?);
            let functions = Functions::matching(c"bench_target:rprobes_bench_[0-9t]*");
            let probe = fprobe(functions, Mechanism::Ftrace, handler)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"fprobe_ret" => {
            let handler = FunctionRet(Seen::new()?);
            let probe = fprobe(rprobes_bench_target::TARGET, Mechanism::Fprobe, handler)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        b"fprobe_ret_data" => {
            let handler = FunctionRetWithData(Seen::new()?);
            let probe = fprobe(rprobes_bench_target::TARGET, Mechanism::Fprobe, handler)?;
            (with_probe(without), probe.handler().0.sum(HITS))
        }
        // C does without a guard in the one, and has one in the other.
        b"tracepoint" | b"tracepoint_guard" => {
            run_tracepoint(1000);
            let without = run_tracepoint(CALLS);
            let probe = Tracepoint::new(rprobes_bench_tracepoint::TARGET, Hit(Seen::new()?));
            let probe = KBox::pin_init(probe, GFP_KERNEL)?;
            (
                with_probe_on(run_tracepoint, without),
                probe.handler().0.sum(HITS),
            )
        }
        b"event" => measure_events(true),
        b"event_off" => measure_events(false),
        b"trace_text" => costs(|_| trace_printk!("text\n")),
        b"trace_two" => costs(|i| trace_printk!("{} {}\n", i as i32, 7)),
        b"trace_off" => {
            tracing::off();
            let cost = costs(|_| trace_printk!("text\n"));
            tracing::on();
            cost
        }
        b"map" => {
            let map = Map::<u64, u64>::new(1024)?;
            for key in 0..KEYS {
                map.insert(key, 0)?;
            }
            let (cost, _) = costs(|i| {
                let _ = map.update(&(i as u64 % KEYS), |n| *n += 1);
            });
            (cost, map.iter().map(|(_, n)| n).sum())
        }
        b"map_percpu" => {
            let map = PerCpuMap::<u64, u64>::new(1024)?;
            let (cost, _) = costs(|i| {
                map.record(&(i as u64 % KEYS), 1);
            });
            (cost, map.take()?.iter().map(|(_, n)| n).sum())
        }
        b"stream" => measure_stream()?,
        _ => return Err(EINVAL),
    })
}

/// What a record of 64 bytes costs that overwrites another one.
fn measure_stream() -> Result<(u64, u64)> {
    let stream = Stream::new(c"words", stream::Options::default())?;
    let times = |stream: Option<&Stream<Words>>, calls| {
        let begun: Instant<Monotonic> = Instant::now();
        for i in 0..calls {
            let i = black_box(i) as u64;
            if let Some(stream) = stream {
                stream.push(Words {
                    words: [i, 1, 2, 3, 4, 5, 6, 7],
                });
            }
        }
        begun.elapsed().as_nanos() as u64
    };
    times(Some(&stream), 10_000);
    let without = times(None, CALLS);
    let with = times(Some(&stream), CALLS);
    let hits = stream.stats().pushed - 10_000;
    Ok((with.saturating_sub(without) * 100 / CALLS as u64, hits))
}

/// How many keys there are in maps.
const KEYS: u64 = 16;

/// What a line in the trace buffer costs, or something else that a handler does.
fn costs(something: impl Fn(usize)) -> (u64, u64) {
    let times = |something: &dyn Fn(usize)| {
        let begun: Instant<Monotonic> = Instant::now();
        for i in 0..CALLS {
            something(black_box(i));
        }
        begun.elapsed().as_nanos() as u64
    };
    times(&something);
    let without = times(&|_| ());
    let with = times(&something);
    (
        with.saturating_sub(without) * 100 / CALLS as u64,
        CALLS as u64,
    )
}

/// As `many`, as one probe on functions.
fn many_by_ftrace(what: &[u8], n: u32) -> Result<(i64, i64, u64)> {
    let pattern = match n {
        1000 => c"bench_target:rprobes_bench_[0-9]*",
        100 => c"bench_target:rprobes_bench_0[0-9][0-9]",
        10 => c"bench_target:rprobes_bench_00[0-9]",
        _ => c"bench_target:rprobes_bench_00[0]",
    };
    let functions = Functions::matching(pattern);
    let begun: Instant<Monotonic> = Instant::now();
    if what == b"ops" {
        let probe = fprobe(functions, Mechanism::Ftrace, Entries(Seen::new()?))?;
        timed(begun, probe, |probe| probe.handler().0.sum(HITS))
    } else {
        let probe = fprobe(functions, Mechanism::Fprobe, RetWithData(Seen::new()?))?;
        timed(begun, probe, |probe| probe.handler().0.sum(HITS))
    }
}

fn timed<T>(
    begun: Instant<Monotonic>,
    probe: T,
    hits: impl Fn(&T) -> u64,
) -> Result<(i64, i64, u64)> {
    let register = begun.elapsed().as_micros_ceil();
    // SAFETY: It calls functions that add.
    unsafe { rprobes_bench_call_many() };
    let hits = hits(&probe);
    let begun: Instant<Monotonic> = Instant::now();
    drop(probe);
    Ok((register, begun.elapsed().as_micros_ceil(), hits))
}

/// Microseconds to register and to unregister probes of `n` different functions as a set, and how many hits there were
/// when the first and the last of a thousand were called.
fn many(what: &[u8], n: u32) -> Result<(i64, i64, u64)> {
    let offset = match what {
        b"entry" | b"entry_post" => 0,
        // SAFETY: It never changes.
        b"inside" | b"inside_post" => unsafe { rprobes_bench_many_offset },
        _ => return Err(EINVAL),
    };
    let mut names = KVec::with_capacity(n as usize, GFP_KERNEL)?;
    for i in 0..n {
        let name = CString::try_from_fmt(fmt!("rprobes_bench_{i:03}"))?;
        names.push(name, GFP_KERNEL)?;
    }
    let pre = Arc::new(Pre(Seen::new()?), GFP_KERNEL)?;
    let both = Arc::new(PreAndPost(Seen::new()?), GFP_KERNEL)?;
    let begun: Instant<Monotonic> = Instant::now();
    let mut set = ProbeSet::builder();
    for name in &names {
        let target = Target::symbol(name).offset(offset);
        if what.ends_with(b"post") {
            set.kprobe(target, both.clone())?;
        } else {
            set.kprobe(target, pre.clone())?;
        }
    }
    let set = set.register()?;
    let register = begun.elapsed().as_micros_ceil();
    // Whether they are optimised decides what it costs to unregister them.
    while what == b"inside" && !set.stats().flatten().all(|(_, stats)| stats.optimised) {
        fsleep(Delta::from_millis(10));
    }
    // SAFETY: It calls functions that add.
    unsafe { rprobes_bench_call_many() };
    let begun: Instant<Monotonic> = Instant::now();
    drop(set);
    let unregister = begun.elapsed().as_micros_ceil();
    Ok((register, unregister, pre.0.sum(HITS) + both.0.sum(HITS)))
}

/// Nanoseconds of so many events, or, if there is none, of as many times nothing.
#[inline(never)]
fn run_events<const ANY: bool>(calls: usize) -> u64 {
    let begun: Instant<Monotonic> = Instant::now();
    for i in 0..calls {
        let i = black_box(i);
        if ANY {
            trace!(Read {
                pid: i as i32,
                bytes: i as u64,
                name: *b"0123456789abcde\0",
            });
        }
    }
    begun.elapsed().as_nanos() as u64
}

fn switch_event(on: bool) {
    // SAFETY: The names are strings, and this is process context.
    unsafe { trace_set_clr_event(c"bench".as_char_ptr(), c"read".as_char_ptr(), on.into()) };
}

fn measure_events(on: bool) -> (u64, u64) {
    run_events::<false>(1000);
    let without = run_events::<false>(CALLS);
    switch_event(on);
    run_events::<true>(1000);
    let with = run_events::<true>(CALLS);
    switch_event(false);
    let hundredths = with.wrapping_sub(without) * 100 / CALLS as u64;
    (hundredths, CALLS as u64)
}

struct Bench;

impl kernel::Module for Bench {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let what = params::what.get()?;
        let n = params::many.value();
        if n > 0 {
            let (register, unregister, hits) = match &*what {
                b"ops" | b"fprobe" => many_by_ftrace(&what, n)?,
                what => many(what, n)?,
            };
            pr_info!(
                "many {} {} {} {} hits {}\n",
                what,
                n,
                register,
                unregister,
                hits
            );
            return Ok(Self);
        }
        let (hundredths, hits) = measure(&what)?;
        let cpus = if params::cpus.value() { "cpus " } else { "" };
        pr_info!("{}{} {} hits {}\n", cpus, what, hundredths, hits);
        Ok(Self)
    }
}
