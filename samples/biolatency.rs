// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How long disks take for requests: from when a request is given to the driver until that is done with all of it.
//!
//! `cat /sys/kernel/debug/biolatency/usecs` prints, for each disk and operation, a histogram of microseconds; a table with how many requests
//! there were, and the sum, average, minimum and maximum; how many are under way; and how many were lost: for want of room, or because an
//! interrupt ended them on a CPU that ran a handler. `usecs.json` has the same. Whatever is written to `usecs` empties it.
//! With `disk=sda`, only that one counts.

use core::fmt::{self, Write};

use kernel::{prelude::*, str::BStr, sync::Arc};
use rprobes::{
    aggregate::{Log2, Summary},
    module::StringValue,
    read,
    report::{self, Report, Table, Value},
    tracepoint::{self, HitContext},
    Map, PerCpuMap, ProbeSet,
};
use zerocopy_derive::Immutable;

rprobes::module! {
    type: BioLatency,
    name: "biolatency",
    authors: ["The rprobes authors"],
    description: "Shows how long disks take for requests",
    license: "GPL",
    params: {
        disk: string { default: "", description: "Only the disk of this name" },
    },
}

rprobes::kernel_types! { tracepoint block_rq_issue; tracepoint block_rq_complete; }

/// Prints as `sda`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, IntoBytes, Immutable)]
#[repr(transparent)]
struct Disk([u8; 32]);

impl Disk {
    fn name(&self) -> &BStr {
        BStr::from_bytes(self.0.split(|&c| c == 0).next().unwrap_or(&[]))
    }
}

impl Value for Disk {
    fn text(&self, out: &mut dyn Write) -> fmt::Result {
        self.name().text(out)
    }
}

#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Key {
    disk: Disk,
    operation: u32,
}

impl Key {
    fn columns(&self) -> (Disk, &'static str) {
        // enum req_op
        let operation = match self.operation {
            0 => "read",
            1 => "write",
            2 => "flush",
            3 => "discard",
            5 => "secure erase",
            9 => "write zeroes",
            _ => "other",
        };
        (self.disk, operation)
    }
}

/// A request that is under way.
#[derive(Clone, Copy)]
struct Issued {
    key: Key,
    time: u64,
}

struct Requests {
    disk: StringValue,
    /// By address. One that never completes stays until its memory is another one's.
    issued: Map<usize, Issued>,
    usecs: PerCpuMap<Key, Log2>,
    total: PerCpuMap<Key, Summary>,
}

impl tracepoint::Handler<block_rq_issue> for Requests {
    fn hit(&self, cx: &HitContext<'_, block_rq_issue>) {
        let rq = cx.args().rq();
        // Requests that are no I/O may be for a device that is no disk.
        let disk = Disk(read!(cx, rq => q => disk => disk_name).unwrap_or([0; 32]));
        if !self.disk.is_empty() && **disk.name() != *self.disk {
            return;
        }
        let operation = read!(cx, rq => cmd_flags).unwrap_or(u32::MAX) & 0xff;
        let (key, time) = (Key { disk, operation }, cx.timestamp());
        let _ = self.issued.insert(rq.addr(), Issued { key, time });
    }
}

impl tracepoint::Handler<block_rq_complete> for Requests {
    fn hit(&self, cx: &HitContext<'_, block_rq_complete>) {
        let (rq, bytes) = (cx.args().rq(), cx.args().nr_bytes());
        // Drivers may be done with a part.
        if read!(cx, rq => __data_len).is_ok_and(|all| bytes < all) {
            return;
        }
        if let Ok(Issued { key, time }) = self.issued.remove(&rq.addr()) {
            // The clocks of two CPUs may differ.
            let usecs = cx.timestamp().saturating_sub(time) / 1000;
            self.usecs.record(&key, usecs);
            self.total.record(&key, usecs);
        }
    }
}

struct Shown {
    requests: Arc<Requests>,
    probes: ProbeSet,
}

impl Shown {
    fn show(&self, report: &mut Report<'_>) -> Result {
        let Requests {
            issued,
            usecs,
            total,
            ..
        } = &*self.requests;
        let mut histograms = Table::of_histograms(&["disk", "operation"]);
        for (key, log2) in usecs.snapshot()? {
            histograms.add(key.columns(), log2);
        }
        report.histograms("usecs", histograms.sort_by_key())?;
        let mut totals =
            Table::new(&["disk", "operation", "count", "sum", "average", "min", "max"]);
        for (key, summary) in total.snapshot()? {
            totals.add(key.columns(), summary);
        }
        report.table("total", totals.sort_by_key())?;
        report.value("under way", &issued.len())?;
        let stats = [issued.stats(), usecs.stats()];
        let lost: u64 = stats.iter().map(|stats| stats.refused + stats.busy).sum();
        let missed: usize = self
            .probes
            .stats()
            .flatten()
            .map(|(_, stats)| stats.missed)
            .sum();
        report.value("lost", &(lost + missed as u64))
    }

    fn clear(&self, _text: &[u8]) -> Result {
        self.requests.usecs.clear();
        self.requests.total.clear();
        Ok(())
    }
}

struct BioLatency(#[expect(dead_code)] report::File<Shown>);

impl kernel::Module for BioLatency {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let requests = Requests {
            disk: params::disk.get()?,
            issued: Map::new(8192)?,
            usecs: PerCpuMap::new(256)?,
            total: PerCpuMap::new(256)?,
        };
        let requests = Arc::new(requests, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.tracepoint(block_rq_complete::TARGET, requests.clone())?;
        set.tracepoint(block_rq_issue::TARGET, requests.clone())?;
        let probes = set.register()?;
        let shown = Arc::new(Shown { requests, probes }, GFP_KERNEL)?;
        Ok(Self(report::File::writable(
            c"usecs",
            shown,
            Shown::show,
            Shown::clear,
        )?))
    }
}
