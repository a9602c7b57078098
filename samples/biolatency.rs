// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! How long disks take for requests: from when a request is given to the driver until that is done with all of it.
//!
//! `cat /sys/kernel/debug/biolatency/usecs` prints, for each disk and operation, a histogram of microseconds, with count, sum, average,
//! minimum and maximum; how many requests are under way; and how many were lost: for want of room, or because an interrupt ended them
//! on a CPU that ran a handler. `usecs.json` has the same. Whatever is written to `usecs` empties it.
//! With `disk=sda`, only that one counts.

use kernel::{prelude::*, sync::Arc};
use rprobes::{
    aggregate::Distribution,
    module::StringValue,
    read,
    report::{self, Report, Table},
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

#[derive(Clone, Copy, IntoBytes, Immutable)]
#[repr(C)]
struct Key {
    disk: [u8; 32],
    operation: u32,
}

impl Key {
    fn disk(&self) -> &str {
        let name = CStr::from_bytes_until_nul(&self.disk).unwrap_or_default();
        name.to_str().unwrap_or("?")
    }

    fn operation(&self) -> &'static str {
        // enum req_op
        match self.operation {
            0 => "read",
            1 => "write",
            2 => "flush",
            3 => "discard",
            5 => "secure erase",
            9 => "write zeroes",
            _ => "other",
        }
    }
}

struct Requests {
    disk: StringValue,
    /// What they are, and since when they are under way, by address. One that never completes stays until its memory is another one's.
    issued: Map<usize, (Key, u64)>,
    usecs: PerCpuMap<Key, Distribution>,
}

impl tracepoint::Handler<block_rq_issue> for Requests {
    fn hit(&self, cx: &HitContext<'_, block_rq_issue>) {
        let rq = cx.args().rq();
        let key = Key {
            // Requests that are no I/O may be for a device that is no disk.
            disk: read!(cx, rq => q => disk => disk_name).unwrap_or([0; 32]),
            operation: read!(cx, rq => cmd_flags).unwrap_or(u32::MAX) & 0xff,
        };
        if self.disk.is_empty() || *key.disk().as_bytes() == *self.disk {
            let _ = self.issued.insert(rq.addr(), (key, cx.timestamp()));
        }
    }
}

impl tracepoint::Handler<block_rq_complete> for Requests {
    fn hit(&self, cx: &HitContext<'_, block_rq_complete>) {
        let (rq, bytes) = (cx.args().rq(), cx.args().nr_bytes());
        // Drivers may be done with a part.
        if read!(cx, rq => __data_len).is_ok_and(|all| bytes < all) {
            return;
        }
        if let Ok((key, time)) = self.issued.remove(&rq.addr()) {
            self.usecs.record(&key, cx.elapsed(time) / 1000);
        }
    }
}

fn show((requests, probes): &(Arc<Requests>, ProbeSet), report: &mut Report<'_>) -> Result {
    let Requests { issued, usecs, .. } = &**requests;
    let rows = usecs.snapshot()?;
    let mut table = Table::of_histograms(&["disk", "operation"]);
    for (key, usecs) in &rows {
        table.add((key.disk(), key.operation()), *usecs);
    }
    report.histograms("usecs", table.sort_by_key())?;
    report.value("under way", &issued.len())?;
    let lost = issued.stats().lost() + usecs.stats().lost();
    report.value("lost", &(lost + probes.missed()))
}

fn clear((requests, _): &(Arc<Requests>, ProbeSet), _text: &[u8]) -> Result {
    requests.usecs.clear();
    Ok(())
}

struct BioLatency(#[expect(dead_code)] report::File<(Arc<Requests>, ProbeSet)>);

impl kernel::Module for BioLatency {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let requests = Requests {
            disk: params::disk.get()?,
            issued: Map::new(8192)?,
            usecs: PerCpuMap::new(256)?,
        };
        let requests = Arc::new(requests, GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.tracepoint(block_rq_complete::TARGET, requests.clone())?;
        set.tracepoint(block_rq_issue::TARGET, requests.clone())?;
        let shown = Arc::new((requests, set.register()?), GFP_KERNEL)?;
        let file = report::File::writable(c"usecs", shown, show, clear)?;
        Ok(Self(file))
    }
}
