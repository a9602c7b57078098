// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What the kernel has allocated and not freed since, by the stack that has allocated it: what grows there is leaked.
//!
//! ```text
//! # insmod memleak.ko older=10000 filter='comm=nginx'
//! # cat /sys/kernel/debug/memleak/leaks
//! leaks:
//! count   bytes
//!    12  393216
//!     __kmalloc_noprof+0x284/0x3f0
//!     read_table+0x31/0x90 [firmware_loader]
//!     …
//!
//! live: 1893
//! no room: 0
//! missed allocations: 0
//! missed frees: 0
//! ```
//!
//! `leaks.json` has the same for programs, `leaks.folded` the bytes for flame graphs. Seen are `kmalloc()` and `kmem_cache_alloc()`, with as
//! many bytes as were asked for, but not what is allocated in bulk; the filter is for who allocates. What was freed in the middle of a
//! handler (`missed frees`) looks leaked until its memory is allocated again.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    context,
    fprobe::Mechanism,
    kprobe::{self, PreContext},
    read,
    report::{self, Report, Stack, Table},
    tracepoint::{self, HitContext},
    types::NamedTracepoint,
    Map, ProbeSet, StackId, Stacks, Target,
};

rprobes::module! {
    type: MemLeak,
    name: "memleak",
    authors: ["The rprobes authors"],
    description: "Shows what the kernel has allocated and not freed, by stack",
    license: "GPL",
    params: {
        older: u64 { default: 500, description: "Show what was allocated so many milliseconds ago, or before" },
        min_size: usize { default: 0, description: "Leave out allocations of fewer bytes" },
        max_size: usize { default: usize::MAX, description: "Leave out allocations of more bytes" },
        top: usize { default: 10, description: "How many stacks to show: those with the most bytes" },
        capacity: usize { default: 65536, description: "How many allocations to know of at a time" },
        filter: filter { description: "Whose allocations: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

rprobes::kernel_types! { tracepoint kmalloc; tracepoint kmem_cache_alloc; }

const STACKS: usize = 4096;

#[derive(Clone, Copy)]
struct Allocation {
    bytes: usize,
    stack: StackId,
    time: u64,
}

struct Memory {
    /// What is not freed, by its address.
    live: Map<usize, Allocation>,
    stacks: Stacks,
}

impl Memory {
    fn allocated<F: NamedTracepoint>(&self, cx: &HitContext<'_, F>, address: usize, bytes: usize) {
        let sizes = params::min_size.value()..=params::max_size.value();
        if address == 0 || !params::filter.matches(cx) || !sizes.contains(&bytes) {
            return;
        }
        let (stack, time) = (cx.kernel_stack_id(&self.stacks), cx.timestamp());
        // If there is no room, the map counts that.
        let _ = self.live.insert(address, Allocation { bytes, stack, time });
    }
}

impl tracepoint::Handler<kmalloc> for Memory {
    fn hit(&self, cx: &HitContext<'_, kmalloc>) {
        self.allocated(cx, cx.args().ptr().addr(), cx.args().bytes_req());
    }
}

impl tracepoint::Handler<kmem_cache_alloc> for Memory {
    fn hit(&self, cx: &HitContext<'_, kmem_cache_alloc>) {
        let bytes = read!(cx, cx.args().s() => object_size).unwrap_or(0);
        self.allocated(cx, cx.args().ptr().addr(), bytes as usize);
    }
}

/// What frees its argument `N`.
///
/// Not the tracepoints of these functions: interrupts free much, and if they come in the middle of a handler of another
/// tracepoint, their hits are missed, but not those of kprobes.
struct Frees<const N: usize>(Arc<Memory>);

#[vtable]
impl<const N: usize> kprobe::Handler for Frees<N> {
    fn pre(&self, cx: &PreContext<'_>) {
        // It is not there if it was not allocated since, or for somebody else.
        let _ = self.0.live.remove(&cx.regs().arg(N));
    }
}

/// `kmem_cache_free_bulk(cache, count, pointers)`, which tells no tracepoint.
struct FreesMany(Arc<Memory>);

#[vtable]
impl kprobe::Handler for FreesMany {
    fn pre(&self, cx: &PreContext<'_>) {
        let (count, pointers) = (cx.regs().arg(1), cx.regs().arg(2));
        // As many as there are in a page.
        for i in 0..count.min(512) {
            if let Ok(address) = cx.read(pointers.wrapping_add(i * size_of::<usize>())) {
                let _ = self.0.live.remove(&address);
            }
        }
    }
}

/// What the file shows.
struct Leaks {
    memory: Arc<Memory>,
    probes: ProbeSet,
}

impl Leaks {
    fn show(&self, report: &mut Report<'_>) -> Result {
        let Memory { live, stacks } = &*self.memory;
        let until =
            context::timestamp().saturating_sub(params::older.value().saturating_mul(1_000_000));
        // For those that were refused, too, and one without frames.
        let sums: Map<StackId, (usize, usize)> = Map::new(STACKS + 2)?;
        for (_, allocation) in live
            .iter()
            .filter(|(_, allocation)| allocation.time <= until)
        {
            let add = |(count, bytes): &mut (usize, usize)| {
                *count += 1;
                *bytes += allocation.bytes;
            };
            sums.update_or_insert(allocation.stack, || (0, 0), add)?;
        }
        let mut table = Table::new(&["stack", "count", "bytes"]);
        table.extend(
            sums.iter()
                .map(|(stack, sums)| (Stack::kernel(stacks, stack), sums)),
        );
        report.table(
            "leaks",
            table
                .sort_by_most(|(_, bytes)| *bytes)
                .top(params::top.value()),
        )?;
        report.value("live", &live.len())?;
        report.value("no room", &live.stats().refused)?;
        let (mut allocations, mut frees) = (0, 0);
        for (_, stats) in self.probes.stats().flatten() {
            match stats.mechanism {
                Mechanism::Tracepoint => allocations += stats.missed,
                _ => frees += stats.missed,
            }
        }
        report.value("missed allocations", &allocations)?;
        report.value("missed frees", &frees)
    }
}

struct MemLeak {
    _file: report::File<Leaks>,
}

impl kernel::Module for MemLeak {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let memory = Memory {
            live: Map::new(params::capacity.value()).inspect_err(|_| {
                pr_err!("capacity: it is 1 to 16777215, as far as there is memory\n")
            })?,
            stacks: Stacks::new(STACKS, 32)?,
        };
        let memory = Arc::new(memory, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.kprobe(Target::symbol(c"kfree"), Frees::<0>(memory.clone()))?;
        set.kprobe(
            Target::symbol(c"kmem_cache_free"),
            Frees::<1>(memory.clone()),
        )?;
        set.kprobe(
            Target::symbol(c"kmem_cache_free_bulk"),
            FreesMany(memory.clone()),
        )?;
        // kfree_rcu(). Before Linux 6.2 this is the offset of another argument, and what frees in the end is seen.
        set.kprobe(
            Target::symbol(c"kvfree_call_rcu"),
            Frees::<1>(memory.clone()),
        )?;
        set.tracepoint(kmalloc::TARGET, memory.clone())?;
        set.tracepoint(kmem_cache_alloc::TARGET, memory.clone())?;
        let probes = set.register()?;
        let leaks = Arc::new(Leaks { memory, probes }, GFP_KERNEL)?;
        Ok(Self {
            _file: report::File::with_folded(c"leaks", leaks, Leaks::show)?,
        })
    }
}
