// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Who is killed as memory has run out, in the machine or in a cgroup, and who wanted memory then.
//!
//! ```text
//! # insmod oomkill.ko
//! # cat /sys/kernel/debug/oomkill/kills
//! 12.345678 3297 ntpd: OOM kill of 22516 perl, 3850642 pages
//! ```
//!
//! The number is that of the pages of its address space, the `total-vm` of the kernel log. If all of a cgroup is killed there is a
//! line for each; SysRq and `f` is by a kernel thread. One that was about to exit is not killed, but has a line.

use kernel::{fmt, prelude::*};
use rprobes::{
    context::Comm,
    read,
    stream::{self, Pushed, Record},
    tracepoint::{self, HitContext, Tracepoint},
    Stream,
};

rprobes::module! {
    type: OomKill,
    name: "oomkill",
    authors: ["The rprobes authors"],
    description: "Shows who is killed as memory has run out",
    license: "GPL",
}

rprobes::kernel_types! { tracepoint mark_victim; }

rprobes::record! {
    struct Kill {
        /// The process that wanted memory.
        pid: i32,
        comm: Comm,
        /// The process that is killed for that.
        victim_pid: i32,
        victim_comm: Comm,
        pages: u64,
    }
}

impl Record for Kill {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, pid, comm) = (pushed.seconds(), self.pid, self.comm);
        let (victim, victim_comm, pages) = (self.victim_pid, self.victim_comm, self.pages);
        f.write_fmt(fmt!(
            "{time} {pid} {comm}: OOM kill of {victim} {victim_comm}, {pages} pages"
        ))
    }
}

struct Kills(Stream<Kill>);

impl tracepoint::Handler<mark_victim> for Kills {
    fn hit(&self, cx: &HitContext<'_, mark_victim>) {
        let victim = cx.args().task();
        self.0.push(Kill {
            pid: cx.tgid(),
            comm: cx.comm(),
            victim_pid: read!(cx, victim => tgid).unwrap_or(0),
            victim_comm: Comm(read!(cx, victim => comm).unwrap_or([0; 16])),
            pages: read!(cx, victim => mm => total_vm).unwrap_or(0) as u64,
        });
    }
}

#[pin_data]
struct OomKill {
    #[pin]
    probe: Tracepoint<Kills, mark_victim>,
}

impl kernel::InPlaceModule for OomKill {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let kills = Kills(Stream::new(c"kills", stream::Options::default())?);
            Ok(try_pin_init!(Self {
                probe <- Tracepoint::new(mark_victim::TARGET, kills),
            }))
        })
    }
}
