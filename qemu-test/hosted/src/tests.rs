// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

use std::{
    panic::{self, AssertUnwindSafe},
    ptr,
    sync::{
        atomic::{
            AtomicPtr, AtomicU64, AtomicUsize,
            Ordering::{Acquire, Relaxed, Release},
        },
        Barrier, Mutex,
    },
    thread,
    time::Duration,
};

use crate::{
    machine::{self, CPUS},
    map::Refusal,
    prelude::Result,
    Map, PerCpuMap, Summary,
};

/// How often each thread does something; signals come besides.
const ROUNDS: u64 = 2_000_000;

/// Both halves are written together.
#[derive(Clone, Copy)]
struct Twin(u64, u64);

impl Twin {
    fn new(n: u64) -> Self {
        Self(n, !n)
    }

    fn check(self) -> u64 {
        assert_eq!(self.0, !self.1, "torn");
        self.0
    }
}

/// Numbers that look random.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// What all use, and what should be in it.
struct Shared {
    map: Map<u64, Twin>,
    evicting: Map<u64, Twin>,
    queue: Map<u64, u64>,
    sums: PerCpuMap<u64, Summary>,
    updated: AtomicU64,
    busy: AtomicU64,
    queued: AtomicU64,
    drained: AtomicU64,
    recorded: [AtomicU64; 2],
    taken: [AtomicU64; 2],
    signals: AtomicU64,
}

const OWN: u64 = 64;
const SHARED: u64 = 4;

impl Shared {
    fn new() -> Result<Self> {
        Ok(Self {
            map: Map::new((u64::from(CPUS) * OWN + SHARED) as usize)?,
            evicting: Map::evicting(16)?,
            queue: Map::new(64)?,
            sums: PerCpuMap::new(32)?,
            updated: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            queued: AtomicU64::new(0),
            drained: AtomicU64::new(0),
            recorded: [const { AtomicU64::new(0) }; 2],
            taken: [const { AtomicU64::new(0) }; 2],
            signals: AtomicU64::new(0),
        })
    }

    fn refused(&self, refusal: Refusal) {
        assert_eq!(refusal, Refusal::Busy);
        self.busy.fetch_add(1, Relaxed);
    }

    /// What threads and signals do alike. A number is given once only.
    fn common(&self, random: u64, number: u64) {
        let key = u64::from(CPUS) * OWN + random % SHARED;
        match self.map.update_or_insert(
            key,
            || Twin::new(0),
            |twin| *twin = Twin::new(twin.check() + 1),
        ) {
            Ok(()) => _ = self.updated.fetch_add(1, Relaxed),
            Err(refusal) => self.refused(refusal),
        }
        let _ = self
            .evicting
            .insert((random >> 8) & 0x3f, Twin::new(random));
        let _ = self.evicting.get(&((random >> 16) & 0x3f)).map(Twin::check);
        let _ = self
            .evicting
            .remove(&((random >> 24) & 0x3f))
            .map(Twin::check);
        if self.queue.insert(number, !number).is_ok() {
            self.queued.fetch_add(number, Relaxed);
        }
        let value = (random >> 32) & 0xff;
        if self.sums.record(&((random >> 40) & 0x1f), value) {
            self.recorded[0].fetch_add(1, Relaxed);
            self.recorded[1].fetch_add(value, Relaxed);
        }
    }

    /// A CPU. Nobody else uses its own keys, so it knows what there is.
    fn work(&self, cpu: u32) {
        let mut model = [None::<u64>; OWN as usize];
        let mut random = Random(0x1234_5678_9abc_def1 + u64::from(cpu));
        for i in 0..ROUNDS {
            let random = random.next();
            if random & 3 == 0 {
                self.common(random >> 2, (i << 8) | u64::from(cpu));
                continue;
            }
            let n = (random >> 16) & (OWN - 1);
            let (key, value) = (u64::from(cpu) * OWN + n, random >> 24);
            let was = &mut model[n as usize];
            match (random >> 2) & 3 {
                0 => match self.map.insert(key, Twin::new(value)) {
                    Ok(before) => {
                        assert_eq!(before.map(Twin::check), *was);
                        *was = Some(value);
                    }
                    Err(refusal) => self.refused(refusal),
                },
                1 => match self.map.remove(&key) {
                    Err(Refusal::Busy) => self.refused(Refusal::Busy),
                    found => assert_eq!(found.ok().map(Twin::check), was.take()),
                },
                2 => match self.map.update(&key, |twin| {
                    let before = twin.check();
                    *twin = Twin::new(value);
                    before
                }) {
                    Err(Refusal::Busy) => self.refused(Refusal::Busy),
                    found => {
                        assert_eq!(found.ok(), *was);
                        *was = was.map(|_| value);
                    }
                },
                _ => match self.map.get(&key) {
                    Err(Refusal::Busy) => self.refused(Refusal::Busy),
                    found => assert_eq!(found.ok().map(Twin::check), *was),
                },
            }
        }
    }

    /// Process context, which reads all of it.
    fn read(&self) {
        self.map.iter().for_each(|(_, twin)| _ = twin.check());
        self.evicting.iter().for_each(|(_, twin)| _ = twin.check());
        for (number, value) in self.queue.drain() {
            assert_eq!(value, !number);
            self.drained.fetch_add(number, Relaxed);
        }
        let sums = self.sums.take().expect("there is memory");
        for (_, sum) in &sums {
            self.taken[0].fetch_add(sum.count(), Relaxed);
            self.taken[1].fetch_add(sum.sum(), Relaxed);
        }
    }
}

/// What signals use.
static SHARED_WITH_SIGNALS: AtomicPtr<Shared> = AtomicPtr::new(ptr::null_mut());

extern "C" fn signalled(_signal: libc::c_int) {
    // SAFETY: It is null, or there until no thread gets signals any more.
    let Some(shared) = (unsafe { SHARED_WITH_SIGNALS.load(Acquire).as_ref() }) else {
        return;
    };
    let n = shared.signals.fetch_add(1, Relaxed);
    for i in 0..8 {
        let mut random = Random(n * 8 + i + 1);
        random.next();
        shared.common(random.next(), ((n * 8 + i) << 8) | 0xff);
    }
}

/// Many operations on each of four CPUs, which signals interrupt anywhere, while all is read, against what should come of them.
#[test]
fn maps_at_once() {
    let shared = Shared::new().expect("there is memory");
    SHARED_WITH_SIGNALS.store((&raw const shared).cast_mut(), Release);
    let handler: extern "C" fn(libc::c_int) = signalled;
    // SAFETY: The handler does what may be done anywhere, as that is what is tested.
    unsafe { libc::signal(libc::SIGUSR1, handler as libc::sighandler_t) };
    let working = AtomicUsize::new(CPUS as usize);
    let (begin, end) = (
        Barrier::new(CPUS as usize + 1),
        Barrier::new(CPUS as usize + 1),
    );
    let threads = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for cpu in 0..CPUS {
            let (shared, working, begin, end, threads) =
                (&shared, &working, &begin, &end, &threads);
            scope.spawn(move || {
                machine::run_on(cpu);
                // SAFETY: May always be called.
                threads
                    .lock()
                    .unwrap()
                    .push(unsafe { libc::pthread_self() });
                begin.wait();
                let result = panic::catch_unwind(AssertUnwindSafe(|| shared.work(cpu)));
                working.fetch_sub(1, Release);
                end.wait();
                result.unwrap_or_else(|panic| panic::resume_unwind(panic));
            });
        }
        scope.spawn(|| {
            machine::run_on(CPUS - 1);
            while working.load(Acquire) > 0 {
                shared.read();
            }
        });
        begin.wait();
        let threads = threads.lock().unwrap();
        while working.load(Acquire) > 0 {
            for thread in &*threads {
                // SAFETY: The threads wait until this is done.
                unsafe { libc::pthread_kill(*thread, libc::SIGUSR1) };
            }
            thread::sleep(Duration::from_micros(20));
        }
        end.wait();
    });
    SHARED_WITH_SIGNALS.store(ptr::null_mut(), Release);
    shared.read();
    let get = |counter: &AtomicU64| counter.load(Relaxed);
    println!(
        "{} signals, {} updates, {} busy, {} evicted",
        get(&shared.signals),
        get(&shared.updated),
        get(&shared.busy),
        shared.evicting.stats().evicted
    );
    let keys = (0..SHARED).filter_map(|n| shared.map.get(&(u64::from(CPUS) * OWN + n)).ok());
    assert_eq!(keys.map(Twin::check).sum::<u64>(), get(&shared.updated));
    assert_eq!(get(&shared.drained), get(&shared.queued));
    assert_eq!(
        shared.taken.each_ref().map(get),
        shared.recorded.each_ref().map(get)
    );
    assert!(get(&shared.signals) > 100);
    assert_eq!(shared.map.iter().count(), shared.map.len());
    let evicting = shared.evicting.stats();
    assert_eq!(shared.evicting.iter().count(), evicting.entries);
    // All of them are free or in a bucket: none was lost.
    for map in [&shared.map, &shared.evicting] {
        map.clear();
        let capacity = map.stats().capacity as u64;
        (0..capacity).for_each(|key| _ = map.insert(key, Twin::new(key)).expect("there is room"));
        assert_eq!(map.len() as u64, capacity);
    }
    assert_eq!(
        shared.map.insert(u64::MAX, Twin::new(0)).err(),
        Some(Refusal::Full)
    );
}

/// As small as this, so that whoever looks for an entry to evict looks at one that is just being evicted.
const FEW: usize = 4;

static EVICTING: AtomicPtr<Map<u64, Twin>> = AtomicPtr::new(ptr::null_mut());

extern "C" fn evicts(_signal: libc::c_int) {
    // SAFETY: It is null, or what the test has until it is null again.
    if let Some(map) = unsafe { EVICTING.load(Acquire).as_ref() } {
        for key in 0..2 * FEW as u64 {
            let _ = map.insert(u64::MAX - key, Twin::new(key));
        }
    }
}

/// Entries that are evicted by threads, and by signals in the middle of that, while they are drained and read.
#[test]
fn evictions_at_once() {
    let map = Map::evicting(FEW).expect("there is memory");
    EVICTING.store((&raw const map).cast_mut(), Release);
    let handler: extern "C" fn(libc::c_int) = evicts;
    // SAFETY: The handler does what may be done anywhere. If a chain has become a circle, this ends as the alarm kills it.
    unsafe {
        libc::signal(libc::SIGUSR2, handler as libc::sighandler_t);
        libc::alarm(120);
    }
    let working = AtomicUsize::new(CPUS as usize);
    let (begin, end) = (
        Barrier::new(CPUS as usize + 1),
        Barrier::new(CPUS as usize + 1),
    );
    let threads = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for cpu in 0..CPUS {
            let (map, working, begin, end, threads) = (&map, &working, &begin, &end, &threads);
            scope.spawn(move || {
                machine::run_on(cpu);
                // SAFETY: May always be called.
                let this = unsafe { libc::pthread_self() };
                threads.lock().unwrap().push(this);
                begin.wait();
                let result = panic::catch_unwind(AssertUnwindSafe(|| {
                    for i in 0..ROUNDS / 2 {
                        let key = (i << 3) | u64::from(cpu);
                        let _ = map.insert(key, Twin::new(key));
                        if cpu == 0 && i % 64 == 0 {
                            map.drain().for_each(|(_, twin)| _ = twin.check());
                        } else if i % 16 == 0 {
                            map.iter().for_each(|(_, twin)| _ = twin.check());
                        }
                        let _ = map.get(&key).map(Twin::check);
                    }
                }));
                working.fetch_sub(1, Release);
                end.wait();
                result.unwrap_or_else(|panic| panic::resume_unwind(panic));
            });
        }
        begin.wait();
        let threads = threads.lock().unwrap();
        while working.load(Acquire) > 0 {
            for thread in &*threads {
                // SAFETY: The threads wait until this is done.
                unsafe { libc::pthread_kill(*thread, libc::SIGUSR2) };
            }
            thread::sleep(Duration::from_micros(20));
        }
        end.wait();
    });
    EVICTING.store(ptr::null_mut(), Release);
    // SAFETY: May always be called.
    unsafe { libc::alarm(0) };
    // None was lost, and none is twice.
    assert_eq!(map.iter().count(), map.len());
    map.clear();
    assert_eq!(map.len(), 0);
    (0..FEW as u64).for_each(|key| _ = map.insert(key, Twin::new(key)).expect("there is room"));
    (0..FEW as u64).for_each(|key| assert_eq!(map.get(&key).map(Twin::check), Ok(key)));
    assert_eq!(map.iter().count(), FEW);
    println!("{} evicted", map.stats().evicted);
}
