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
//! missed: 0
//! ```
//!
//! `leaks.json` has the same for programs, `leaks.folded` the bytes for flame graphs. Seen are `kmalloc()` and `kmem_cache_alloc()`, with as
//! many bytes as were asked for, but not what is allocated in bulk; the filter is for who allocates. What was freed in the middle of a
//! handler (`missed`) looks leaked until its memory is allocated again.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    aggregate::{Aggregate, Summary},
    context,
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
        top: usize { default: 10, description: "How many stacks to show: those with the most bytes" },
        capacity: usize { default: 65536, description: "How many allocations to know of at a time" },
        filter: filter { description: "Whose allocations: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

rprobes::kernel_types! { tracepoint kmalloc; tracepoint kmem_cache_alloc; }

const STACKS: usize = 4096;

struct Memory {
    /// What is not freed, by its address: how many bytes, by whom, and when.
    live: Map<usize, (usize, StackId, u64)>,
    stacks: Stacks,
}

impl Memory {
    fn allocated<F: NamedTracepoint>(&self, cx: &HitContext<'_, F>, address: usize, bytes: usize) {
        if address == 0 || !params::filter.matches(cx) {
            return;
        }
        let (stack, time) = (cx.kernel_stack_id(&self.stacks), cx.timestamp());
        // If there is no room, the map counts that.
        let _ = self.live.insert(address, (bytes, stack, time));
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

/// What frees its argument `N`. Not its tracepoint: interrupts free much, and in the middle of a handler of another tracepoint
/// their hits are missed, but not those of kprobes.
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

fn show((memory, probes): &(Arc<Memory>, ProbeSet), report: &mut Report<'_>) -> Result {
    let (live, stacks) = (&memory.live, &memory.stacks);
    let older_ns = params::older.value().saturating_mul(1_000_000);
    let until = context::timestamp().saturating_sub(older_ns);
    // For those that were refused, too, and one without frames.
    let sums: Map<StackId, Summary> = Map::new(STACKS + 2)?;
    for (_, (bytes, stack, _)) in live.iter().filter(|(_, (.., time))| *time <= until) {
        sums.update_or_insert(stack, Summary::empty, |sum| sum.add(bytes as u64))?;
    }
    let mut table = Table::new(&["stack", "count", "bytes"]);
    for (stack, sum) in sums.iter() {
        table.add(Stack::kernel(stacks, stack), (sum.count(), sum.sum()));
    }
    table.sort_by_most(|(_, bytes)| *bytes);
    report.table("leaks", table.top(params::top.value()))?;
    report.value("live", &live.len())?;
    report.value("no room", &live.stats().refused)?;
    report.value("missed", &probes.missed())
}

struct MemLeak(#[expect(dead_code)] report::File<(Arc<Memory>, ProbeSet)>);

impl kernel::Module for MemLeak {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let live = Map::new(params::capacity.value()).inspect_err(|_| {
            pr_err!("capacity: it is 1 to 16777215, as far as there is memory\n")
        })?;
        let stacks = Stacks::new(STACKS, 32)?;
        let memory = Arc::new(Memory { live, stacks }, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.kprobe(Target::symbol(c"kfree"), Frees::<0>(memory.clone()))?;
        let free = Target::symbol(c"kmem_cache_free");
        set.kprobe(free, Frees::<1>(memory.clone()))?;
        // kfree_rcu(). Before Linux 6.2 this is the offset of another argument, and what frees in the end is seen.
        let free_later = Target::symbol(c"kvfree_call_rcu");
        set.kprobe(free_later, Frees::<1>(memory.clone()))?;
        let free_bulk = Target::symbol(c"kmem_cache_free_bulk");
        set.kprobe(free_bulk, FreesMany(memory.clone()))?;
        set.tracepoint(kmalloc::TARGET, memory.clone())?;
        set.tracepoint(kmem_cache_alloc::TARGET, memory.clone())?;
        let shown = Arc::new((memory, set.register()?), GFP_KERNEL)?;
        let file = report::File::with_folded(c"leaks", shown, show)?;
        Ok(Self(file))
    }
}
