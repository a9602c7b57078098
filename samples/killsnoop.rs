// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Shows who sends which signal to whom, and the error if that fails: by `kill`, and, to a single thread, by `tkill` and
//! `tgkill`. To -1 is to all, and to other numbers below 0 to a process group. `cat /sys/kernel/debug/killsnoop/signals` prints a
//! line for each, as it comes, with the time in front:
//!
//! ```text
//! 12.345678 2264 sh: kill SIGTERM to 2270: 0
//! ```
//!
//! `# 2 lost` is where some are missing; `signals.bin` has the same for programs. `filter=` chooses who sends, when it is loaded
//! or, in `/sys/module/killsnoop/parameters/filter`, at any time: `uid=1000`, `comm=sh every=10`.

use kernel::{fmt, prelude::*, sync::Arc, time::Delta};
use rprobes::{
    context::Comm,
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    stream::{Pushed, Record},
    ProbeSet, Stream, Timer,
};

rprobes::module! {
    type: KillSnoop,
    name: "killsnoop",
    authors: ["The rprobes authors"],
    description: "Shows who sends which signal to whom",
    license: "GPL",
    params: {
        filter: filter { description: "Who sends: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

rprobes::kernel_types! { syscall kill; syscall tkill; syscall tgkill; }

const CALLS: [&str; 3] = ["kill", "tkill", "tgkill"];

/// Of the signals from 1. Those of real time have none, and 0 only asks whether that is allowed.
const NAMES: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG",
    "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
];

rprobes::record! {
    /// A signal that was sent, or not.
    struct Sent {
        pid: i32,
        /// Which of `CALLS`.
        call: u32,
        signal: i32,
        target: i32,
        result: i64,
        comm: Comm,
    }
}

impl Record for Sent {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, pid, comm) = (pushed.seconds(), self.pid, self.comm);
        let call = CALLS.get(self.call as usize).unwrap_or(&"?");
        f.write_fmt(fmt!("{time} {pid} {comm}: {call} "))?;
        match NAMES.get((self.signal as usize).wrapping_sub(1)) {
            Some(name) => write!(f, "SIG{name}")?,
            None => write!(f, "{}", self.signal)?,
        }
        write!(f, " to {}: {}", self.target, self.result)
    }
}

struct Signals(Stream<Sent>);

macro_rules! snoop {
    ($call:ident, $number:literal, $target:ident) => {
        #[vtable]
        impl kretprobe::Handler<$call> for Signals {
            /// The target, and the signal.
            type Data = (i32, i32);

            fn entry(&self, cx: &EntryContext<'_, $call>) -> Entry<Self::Data> {
                if !params::filter.matches(cx) {
                    return Entry::Skip;
                }
                Entry::Trace((cx.args().$target(), cx.args().sig()))
            }

            fn ret(&self, cx: &RetContext<'_, $call>, &(target, signal): &Self::Data) {
                self.0.push(Sent {
                    pid: cx.tgid(),
                    call: $number,
                    signal,
                    target,
                    result: cx.return_value() as i64,
                    comm: cx.comm(),
                });
            }
        }
    };
}

snoop!(sys_kill, 0, pid);
snoop!(sys_tkill, 1, pid);
snoop!(sys_tgkill, 2, pid);

/// Keeps the probes.
struct KillSnoop(#[expect(dead_code, reason = "dropped with this")] Timer);

impl kernel::Module for KillSnoop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let stream = Stream::new(c"signals", Default::default())?;
        let signals = Arc::new(Signals(stream), GFP_KERNEL)?;
        let mut set = ProbeSet::builder();
        set.kretprobe(sys_kill::TARGET, Options::default(), signals.clone())?;
        set.kretprobe(sys_tkill::TARGET, Options::default(), signals.clone())?;
        set.kretprobe(sys_tgkill::TARGET, Options::default(), signals.clone())?;
        let probes = set.register()?;
        let tell = move || signals.0.set_missed(probes.missed());
        Ok(Self(Timer::every(Delta::from_secs(1), tell)?))
    }
}
