// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes at tracepoints: `what` says which.

use kernel::{
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
    time::{
        delay::{fsleep, udelay},
        Delta,
    },
};
use rprobes::{
    read, trace_printk,
    tracepoint::{self, HitContext, Options, Tracepoint},
    types::{AnyTracepoint, TracepointSignature},
    Counters, ProbeSet, Target,
};

rprobes::module! {
    type: Tracepoints,
    name: "tracepoints",
    authors: ["The rprobes authors"],
    description: "Probes at tracepoints",
    license: "GPL",
    params: {
        what: string { default: "any", description: "Which of the cases" },
        target: string { default: "sched_switch", description: "The tracepoint, where that may be any" },
        rounds: u32 { default: 300, description: "How often probes come and go" },
    },
}

rprobes::kernel_types! {
    tracepoint sched_switch;
    tracepoint sched_wakeup;
    tracepoint sys_enter;
    tracepoint sys_exit;
    tracepoint kmalloc;
    tracepoint tracepoints_target:tracepoints_target_few;
    tracepoint tracepoints_target:tracepoints_target_many;
}

type Planted<T, F = AnyTracepoint> = Pin<KBox<Tracepoint<T, F>>>;

fn plant<F: TracepointSignature, T: tracepoint::Handler<F>>(
    target: Target<'_, F>,
    handler: T,
) -> Result<Planted<T, F>> {
    KBox::pin_init(Tracepoint::new(target, handler), GFP_KERNEL)
}

/// Counts hits.
struct Count(Counters<1>);

impl Count {
    fn new() -> Result<Arc<Self>> {
        Ok(Arc::new(Self(Counters::new()?), GFP_KERNEL)?)
    }

    fn sum(&self) -> u64 {
        self.0.sum(0)
    }
}

impl<F: TracepointSignature> tracepoint::Handler<F> for Count {
    fn hit(&self, _cx: &HitContext<'_, F>) {
        self.0.inc::<0>();
    }
}

/// Prints arguments.
struct Show;

impl tracepoint::Handler<tracepoints_target_few> for Show {
    fn hit(&self, cx: &HitContext<'_, tracepoints_target_few>) {
        let mut text = [0; 16];
        let text = cx.read_str(cx.args().text(), &mut text).unwrap_or(b"?");
        pr_info!(
            "few: {} {}\n",
            cx.args().number(),
            kernel::str::BStr::from_bytes(text)
        );
    }
}

impl tracepoint::Handler<tracepoints_target_many> for Show {
    fn hit(&self, cx: &HitContext<'_, tracepoints_target_many>) {
        let args = cx.args();
        let pair = args.pair();
        let first = read!(cx, &pair => first).unwrap_or(0);
        let second = read!(cx, &pair => second).unwrap_or(0);
        pr_info!(
            "many: {} {} {} {} {} {:#x} ({} {}) {} {}\n",
            args.a(),
            args.b(),
            args.c(),
            args.d(),
            args.e(),
            args.f(),
            first,
            second,
            args.g(),
            args.h()
        );
    }
}

/// Prints an argument without its name.
impl tracepoint::Handler for Show {
    fn hit(&self, cx: &HitContext<'_>) {
        pr_info!("{}: {}\n", cx.target(), cx.arg(0) as i32);
    }
}

/// Counts system calls of programs called "calls": those that begin, and those that end; of the former, those that would
/// not get a probe registered.
struct SystemCalls(Counters<3>);

fn is_calls<F: TracepointSignature>(cx: &HitContext<'_, F>) -> bool {
    cx.comm().bytes() == b"calls"
}

impl tracepoint::Handler<sys_enter> for SystemCalls {
    fn hit(&self, cx: &HitContext<'_, sys_enter>) {
        if !is_calls(cx) {
            return;
        }
        self.0.inc::<0>();
        let probe = Tracepoint::new(Target::tracepoint(c"sched_switch"), Show);
        if KBox::pin_init(probe, GFP_ATOMIC).is_err() {
            self.0.inc::<2>();
        }
    }
}

impl tracepoint::Handler<sys_exit> for SystemCalls {
    fn hit(&self, cx: &HitContext<'_, sys_exit>) {
        if is_calls(cx) {
            self.0.inc::<1>();
        }
    }
}

/// Counts how often the CPU is taken from a task, by its own choice or not, and what became of that task.
struct Switches {
    pid: Atomic<i32>,
    from: Counters<1>,
    to: Counters<1>,
    odd: Counters<1>,
}

impl tracepoint::Handler<sched_switch> for Switches {
    fn hit(&self, cx: &HitContext<'_, sched_switch>) {
        let (prev, next) = (cx.args().prev(), cx.args().next());
        let pid = self.pid.load(Relaxed);
        let (Ok(prev), Ok(next)) = (read!(cx, prev => pid), read!(cx, next => pid)) else {
            return;
        };
        // It is called on behalf of the one whose CPU is taken.
        if prev != cx.pid() {
            self.odd.inc::<0>();
        }
        if prev == pid {
            self.from.inc::<0>();
        }
        if next == pid {
            self.to.inc::<0>();
        }
    }
}

/// Does what is traced.
struct Allocates(Counters<2>);

impl tracepoint::Handler<kmalloc> for Allocates {
    fn hit(&self, cx: &HitContext<'_, kmalloc>) {
        self.0.inc::<0>();
        let bytes = cx.args().bytes_req();
        trace_printk!("{} bytes\n", bytes);
        let memory = KVec::<u8>::with_capacity(bytes.clamp(1, 256), GFP_ATOMIC);
        if memory.is_ok() {
            self.0.inc::<1>();
        }
    }
}

/// Takes its time. Counts the hits that have begun, and those that have ended.
struct Slow(Counters<2>);

impl tracepoint::Handler for Slow {
    fn hit(&self, _cx: &HitContext<'_>) {
        self.0.inc::<0>();
        udelay(Delta::from_millis(2));
        self.0.inc::<1>();
    }
}

/// Is done after the first hit.
struct Once(Counters<1>);

impl tracepoint::Handler<sched_wakeup> for Once {
    fn hit(&self, cx: &HitContext<'_, sched_wakeup>) {
        self.0.inc::<0>();
        cx.unregister_later();
    }
}

/// Probes that are there as long as the module is, and what is printed when that goes.
enum Tracepoints {
    Any(Planted<Arc<Count>>),
    Show {
        _few: Planted<Show, tracepoints_target_few>,
        _many: Planted<Show, tracepoints_target_many>,
        _raw: Planted<Show>,
    },
    SystemCalls(
        Arc<SystemCalls>,
        Planted<Arc<SystemCalls>, sys_enter>,
        Planted<Arc<SystemCalls>, sys_exit>,
    ),
    Switches(Planted<Switches, sched_switch>),
    Allocates(Planted<Allocates, kmalloc>),
    Nothing,
}

/// Until something was counted.
fn wait_for(count: &Count) -> Result {
    wait_until(|| count.sum() > 0)
}

fn wait_until(is_so: impl Fn() -> bool) -> Result {
    for _ in 0..1000 {
        if is_so() {
            return Ok(());
        }
        fsleep(Delta::from_millis(10));
    }
    pr_err!("nothing was hit\n");
    Err(ETIMEDOUT)
}

/// What must not be counted any more is not.
fn must_stay(count: &Count, what: &str) -> Result {
    let before = count.sum();
    for _ in 0..5 {
        fsleep(Delta::from_millis(1));
    }
    if count.sum() != before {
        pr_err!("{}: hit after it was gone\n", what);
        return Err(EINVAL);
    }
    Ok(())
}

/// Several at one tracepoint, of one handler; disabled, enabled, unregistered by the handler.
fn states() -> Result {
    let count = Count::new()?;
    let first = plant(Target::tracepoint(c"sched_switch"), count.clone())?;
    let second = plant(sched_switch::TARGET, count.clone())?;
    wait_for(&count)?;
    first.disable()?;
    first.disable()?;
    second.disable()?;
    pr_info!("disabled: {}\n", first.stats().is_some_and(|s| s.disabled));
    // Handlers that were running then may have gone on.
    fsleep(Delta::from_millis(100));
    must_stay(&count, "disabled")?;
    let third = Count::new()?;
    let third = Tracepoint::new_disabled(sched_switch::TARGET, third);
    let third = KBox::pin_init(third, GFP_KERNEL)?;
    must_stay(third.handler(), "not enabled")?;
    third.enable()?;
    third.enable()?;
    wait_for(third.handler())?;
    let with = Tracepoint::with(
        sched_switch::TARGET,
        Options { disabled: true },
        count.clone(),
    );
    drop(KBox::pin_init(with, GFP_KERNEL)?);
    drop(first);
    drop(second);
    let mut third = third;
    third.as_mut().unregister();
    must_stay(third.handler(), "unregistered")?;
    pr_info!(
        "unregistered: {} {:?}\n",
        third.stats().is_none(),
        third.enable().err().map(Error::to_errno)
    );

    let once = plant(sched_wakeup::TARGET, Once(Counters::new()?))?;
    while once.stats().is_some() {
        fsleep(Delta::from_millis(10));
    }
    pr_info!("at its own request: {}\n", once.handler().0.sum(0) > 0);
    Ok(())
}

/// With one grace period, and one that need not be there.
fn set() -> Result {
    let (count, other) = (Count::new()?, Count::new()?);
    let mut set = ProbeSet::builder();
    set.tracepoint(sched_switch::TARGET, count.clone())?;
    set.tracepoint(Target::tracepoint(c"sched_wakeup"), other.clone())?;
    set.tracepoint(Target::tracepoint(c"not_there"), count.clone())?
        .optional();
    let set = set.register()?;
    wait_for(&count)?;
    wait_for(&other)?;
    for (i, stats) in set.stats().enumerate() {
        match stats {
            Some((_, stats)) => pr_info!("member {}: {}\n", i, stats.mechanism),
            None => pr_info!("member {}: missing\n", i),
        }
    }
    drop(set);
    must_stay(&count, "set")?;
    must_stay(&other, "set")?;

    let mut all = ProbeSet::builder();
    all.tracepoint(sched_switch::TARGET, count.clone())?;
    all.tracepoint(Target::tracepoint(c"not_there"), count.clone())?;
    let refused = all.register().err().map(Error::to_errno);
    pr_info!("set with a missing one: {:?}\n", refused);
    must_stay(&count, "set that was refused")
}

/// Whoever drops a probe waits for its handlers.
fn waits() -> Result {
    // What is waited for is not the same for the two.
    for name in [c"sys_enter", c"kmem_cache_alloc"] {
        // While there are two more, the kernel patches no code as the third goes, which would take longer than the handler.
        let count = Count::new()?;
        let _first = plant(Target::tracepoint(name), count.clone())?;
        let _second = plant(Target::tracepoint(name), count.clone())?;
        for _ in 0..3 {
            let slow = Arc::new(Slow(Counters::new()?), GFP_KERNEL)?;
            let probe = plant(Target::tracepoint(name), slow.clone())?;
            wait_until(|| slow.0.sum(0) > 2)?;
            drop(probe);
            let (begun, ended) = (slow.0.sum(0), slow.0.sum(1));
            if begun != ended {
                pr_err!("{}: dropped while a handler was running\n", name);
                return Err(EINVAL);
            }
        }
    }
    Ok(())
}

/// Probes come and go at tracepoints that are hit all the time.
fn churn(rounds: u32) -> Result {
    let counts = [Count::new()?, Count::new()?, Count::new()?];
    for round in 0..rounds {
        let switch = plant(sched_switch::TARGET, counts[0].clone())?;
        let enter = plant(sys_enter::TARGET, counts[1].clone())?;
        let kmalloc = plant(kmalloc::TARGET, counts[2].clone())?;
        // Removed from the first place, from the last, and as the only one.
        let second = plant(Target::tracepoint(c"sys_enter"), counts[1].clone())?;
        switch.disable()?;
        switch.enable()?;
        if round % 16 == 0 {
            fsleep(Delta::from_millis(2));
        }
        drop(enter);
        drop(switch);
        drop(second);
        drop(kmalloc);
        if round % 16 == 0 {
            for count in &counts {
                must_stay(count, "churn")?;
            }
        }
    }
    pr_info!(
        "churn: {} {} {}\n",
        counts[0].sum(),
        counts[1].sum(),
        counts[2].sum()
    );
    Ok(())
}

impl kernel::Module for Tracepoints {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let target = params::target.get()?;
        Ok(match &*params::what.get()? {
            b"any" => Self::Any(plant(Target::parse_tracepoint(&target)?, Count::new()?)?),
            b"show" => Self::Show {
                _few: plant(tracepoints_target_few::TARGET, Show)?,
                _many: plant(tracepoints_target_many::TARGET, Show)?,
                _raw: plant(
                    Target::tracepoint(c"tracepoints_target:tracepoints_target_few"),
                    Show,
                )?,
            },
            b"syscalls" => {
                let calls = Arc::new(SystemCalls(Counters::new()?), GFP_KERNEL)?;
                let enter = plant(sys_enter::TARGET, calls.clone())?;
                let exit = plant(sys_exit::TARGET, calls.clone())?;
                Self::SystemCalls(calls, enter, exit)
            }
            b"switches" => {
                let pid = core::str::from_utf8(&target).ok();
                let pid = pid.and_then(|pid| pid.parse().ok());
                Self::Switches(plant(
                    sched_switch::TARGET,
                    Switches {
                        pid: Atomic::new(pid.ok_or(EINVAL)?),
                        from: Counters::new()?,
                        to: Counters::new()?,
                        odd: Counters::new()?,
                    },
                )?)
            }
            b"allocates" => Self::Allocates(plant(kmalloc::TARGET, Allocates(Counters::new()?))?),
            b"states" => {
                states()?;
                Self::Nothing
            }
            b"set" => {
                set()?;
                Self::Nothing
            }
            b"waits" => {
                waits()?;
                Self::Nothing
            }
            b"churn" => {
                churn(params::rounds.value())?;
                Self::Nothing
            }
            b"leak" => {
                let count = Count::new()?;
                core::mem::forget(plant(sched_switch::TARGET, count.clone())?);
                core::mem::forget(plant(Target::parse_tracepoint(&target)?, count.clone())?);
                wait_for(&count)?;
                Self::Nothing
            }
            _ => return Err(EINVAL),
        })
    }
}

impl Drop for Tracepoints {
    fn drop(&mut self) {
        match self {
            Self::Any(probe) => pr_info!(
                "{}: {} hits, {} missed\n",
                &**probe,
                probe.handler().sum(),
                probe.stats().map_or(0, |stats| stats.missed)
            ),
            Self::SystemCalls(calls, enter, exit) => pr_info!(
                "calls of {} and {}: {} and {}, {} refused to plant\n",
                &**enter,
                &**exit,
                calls.0.sum(0),
                calls.0.sum(1),
                calls.0.sum(2)
            ),
            Self::Switches(probe) => {
                let seen = probe.handler();
                pr_info!(
                    "switches: from {}, to {}, odd {}\n",
                    seen.from.sum(0),
                    seen.to.sum(0),
                    seen.odd.sum(0)
                );
            }
            Self::Allocates(probe) => {
                let seen = &probe.handler().0;
                // In this order, as others allocate meanwhile: an allocation is missed before it is counted.
                let allocated = seen.sum(1);
                let missed = probe.stats().map_or(0, |stats| stats.missed) as u64;
                let is_missed = allocated > 0 && missed >= allocated;
                pr_info!("allocates: each allocation was missed: {}\n", is_missed);
            }
            Self::Show { .. } | Self::Nothing => {}
        }
    }
}
