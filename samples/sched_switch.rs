// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Shows in the trace buffer who gives the CPU to whom (`==>`), and who wakes whom (`+`), as the kernel's own `sched_switch`
//! tracer once did. Of each task there are its PID, its priority and its state:
//!
//! ```text
//! bash-2264    [001] d..2. 15066.123456: …:  2264:120:R   + [001]  2265:120:R bash
//! bash-2264    [001] d..2. 15066.123460: …:  2264:120:S ==> [001]     0:120:R <idle>
//! ```

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};
use rprobes::{
    read, trace_printk,
    tracepoint::{self, HitContext},
    types::KernelPtr,
    Context, ProbeSet,
};

rprobes::module! {
    type: SchedSwitch,
    name: "sched_switch",
    authors: ["The rprobes authors"],
    description: "Shows who gives the CPU to whom, and who wakes whom",
    license: "GPL",
    params: {
        pid: i32 { default: -1, description: "Show only what this thread does, or is done to it" },
    },
}

rprobes::kernel_types! {
    tracepoint sched_switch;
    tracepoint sched_wakeup;
    tracepoint sched_wakeup_new;
    struct task_struct;
}

/// What is shown of a task.
struct Task {
    pid: i32,
    prio: i32,
    comm: [u8; 16],
}

impl Task {
    fn read<P, F>(cx: &Context<'_, P, F>, task: KernelPtr<task_struct>) -> Option<Self> {
        Some(Self {
            pid: read!(cx, task => pid).ok()?,
            prio: read!(cx, task => prio).ok()?,
            comm: read!(cx, task => comm).ok()?,
        })
    }

    fn name(&self) -> &BStr {
        let end = self.comm.iter().position(|&c| c == 0);
        BStr::from_bytes(match self.pid {
            0 => b"<idle>",
            _ => &self.comm[..end.unwrap_or(self.comm.len())],
        })
    }
}

/// Prints as `2264:120:S`.
struct Column<'a>(&'a Task, char);

impl Display for Column<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:5}:{:3}:{}", self.0.pid, self.0.prio, self.1)
    }
}

/// The letter that `ps` has for a state.
fn letter(state: u32) -> char {
    const IDLE: u32 = 0x402;
    match state {
        0 => 'R',
        IDLE => 'I',
        _ => {
            let lowest = state.trailing_zeros() as usize;
            char::from(*b"SDTtXZPX".get(lowest).unwrap_or(&b'?'))
        }
    }
}

struct Show;

impl Show {
    fn line(from: &Task, state: char, arrow: &str, cpu: u32, to: &Task) {
        let pid = params::pid.value();
        if pid == -1 || pid == from.pid || pid == to.pid {
            trace_printk!(
                "{} {:>3} [{:03}] {} {}\n",
                Column(from, state),
                arrow,
                cpu,
                Column(to, 'R'),
                to.name()
            );
        }
    }

    fn wakeup<P, F>(cx: &Context<'_, P, F>, woken: KernelPtr<task_struct>) {
        let current = KernelPtr::new(current!().as_ptr() as usize);
        let tasks = Task::read(cx, current).zip(Task::read(cx, woken));
        if let (Some((current, woken)), Ok(cpu)) = (tasks, read!(cx, woken => thread_info.cpu)) {
            Self::line(&current, 'R', "+", cpu, &woken);
        }
    }
}

// The lock of a run queue is held here: the kernel log, which may wake somebody up, must be left alone.
impl tracepoint::Handler<sched_switch> for Show {
    fn hit(&self, cx: &HitContext<'_, sched_switch>) {
        let args = cx.args();
        let state = if args.preempt() {
            'R'
        } else {
            letter(args.prev_state())
        };
        let tasks = Task::read(cx, args.prev()).zip(Task::read(cx, args.next()));
        if let Some((prev, next)) = tasks {
            Self::line(&prev, state, "==>", cx.cpu(), &next);
        }
    }
}

impl tracepoint::Handler<sched_wakeup> for Show {
    fn hit(&self, cx: &HitContext<'_, sched_wakeup>) {
        Self::wakeup(cx, cx.args().p());
    }
}

impl tracepoint::Handler<sched_wakeup_new> for Show {
    fn hit(&self, cx: &HitContext<'_, sched_wakeup_new>) {
        Self::wakeup(cx, cx.args().p());
    }
}

struct SchedSwitch(ProbeSet);

impl kernel::Module for SchedSwitch {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let mut set = ProbeSet::builder();
        set.tracepoint(sched_switch::TARGET, Show)?;
        set.tracepoint(sched_wakeup::TARGET, Show)?;
        set.tracepoint(sched_wakeup_new::TARGET, Show)?;
        Ok(Self(set.register()?))
    }
}

impl Drop for SchedSwitch {
    fn drop(&mut self) {
        let missed: usize = self
            .0
            .stats()
            .flatten()
            .map(|(_, stats)| stats.missed)
            .sum();
        if missed > 0 {
            pr_info!("{missed} lines are missing: an interrupt came while another was written\n");
        }
    }
}
