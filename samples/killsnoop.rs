// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints who sends which signal to whom, and the error if that fails: by `kill`, and, to a single thread, by `tkill` and
//! `tgkill`. To -1 is to all, and to other numbers below 0 to a process group.

use kernel::{
    fmt::{self, Display},
    prelude::*,
};
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    ProbeSet,
};

rprobes::module! {
    type: KillSnoop,
    name: "killsnoop",
    authors: ["The rprobes authors"],
    description: "Prints who sends which signal to whom",
    license: "GPL",
}

rprobes::kernel_types! { syscall kill; syscall tkill; syscall tgkill; }

/// Prints as its name; those of real time, and 0, which only asks whether that is allowed, as the number.
struct Signal(i32);

impl Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 31] = [
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
            "USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
            "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
        ];
        match NAMES.get((self.0 as usize).wrapping_sub(1)) {
            Some(name) => write!(f, "SIG{name}"),
            None => write!(f, "{}", self.0),
        }
    }
}

struct Signals;

macro_rules! snoop {
    ($call:ident, $target:ident) => {
        #[vtable]
        impl kretprobe::Handler<$call> for Signals {
            type Data = (i32, Signal);

            fn entry(&self, cx: &EntryContext<'_, $call>) -> Entry<Self::Data> {
                Entry::Trace((cx.args().$target(), Signal(cx.args().sig())))
            }

            fn ret(&self, cx: &RetContext<'_, $call>, (target, signal): &Self::Data) {
                let (pid, comm, result) = (cx.tgid(), cx.comm(), cx.return_value());
                pr_info!(
                    "{pid} {comm}: {} {signal} to {target}: {result}\n",
                    cx.target()
                );
            }
        }
    };
}

snoop!(sys_kill, pid);
snoop!(sys_tkill, pid);
snoop!(sys_tgkill, pid);

struct KillSnoop {
    _probes: ProbeSet,
}

impl kernel::Module for KillSnoop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut set = ProbeSet::builder();
        set.kretprobe(sys_kill::TARGET, Options::default(), Signals)?;
        set.kretprobe(sys_tkill::TARGET, Options::default(), Signals)?;
        set.kretprobe(sys_tgkill::TARGET, Options::default(), Signals)?;
        Ok(Self {
            _probes: set.register()?,
        })
    }
}
