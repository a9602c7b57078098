// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A probe that the user plants and removes while the module is loaded. Write a function, and an offset if wanted, to
//! `/sys/kernel/debug/rbtree_probe/target`, or an empty line to remove the probe; `records` shows who came by
//! since, when, and with what arguments. By default, who inserts into red-black trees.

use kernel::{
    new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    report::{self, Hex, Report, Table},
    Ring, Target,
};

rprobes::module! {
    type: RbtreeProbe,
    name: "rbtree_probe",
    authors: ["The rprobes authors"],
    description: "Records the calls of a function that the user chooses",
    license: "GPL",
    params: {
        target: string { default: "rb_insert_color", description: "What to probe first" },
    },
}

#[derive(Clone, Copy)]
struct Record {
    pid: i32,
    time: u64,
    arguments: [usize; 2],
}

struct Recorder(Arc<Ring<Record>>);

#[vtable]
impl kprobe::Handler for Recorder {
    fn pre(&self, cx: &PreContext<'_>) {
        let arguments = [cx.regs().arg(0), cx.regs().arg(1)];
        self.0.push(Record {
            pid: cx.pid(),
            time: cx.timestamp(),
            arguments,
        });
    }
}

#[pin_data]
struct State {
    ring: Arc<Ring<Record>>,
    /// What was taken out of the ring: a file is shown anew if it is longer than thought.
    #[pin]
    taken: Mutex<KVVec<Record>>,
    #[pin]
    probe: Mutex<Option<Pin<KBox<Kprobe<Recorder>>>>>,
}

impl State {
    /// Removes the probe, and plants another if `target` is not empty.
    fn plant(&self, target: &[u8]) -> Result {
        let mut probe = self.probe.lock();
        *probe = None;
        while self.ring.pop().is_some() {}
        self.taken.lock().clear();
        if !target.trim_ascii().is_empty() {
            let recorder = Recorder(self.ring.clone());
            *probe = Some(KBox::pin_init(
                Kprobe::new(Target::parse(target)?, recorder),
                GFP_KERNEL,
            )?);
        }
        Ok(())
    }
}

fn show_target(state: &State, report: &mut Report<'_>) -> Result {
    let probe = state.probe.lock();
    report.value("target", &probe.as_ref().map(|probe| probe.address()))
}

fn show_records(state: &State, report: &mut Report<'_>) -> Result {
    let mut taken = state.taken.lock();
    while taken.len() < 4096 {
        let Some(record) = state.ring.pop() else {
            break;
        };
        taken.push(record, GFP_KERNEL)?;
    }
    let mut table = Table::new(&["pid", "time", "argument 0", "argument 1"]);
    for record in taken.iter() {
        let arguments = record.arguments.map(|argument| Hex(argument as u64));
        table.add((record.pid, record.time), arguments);
    }
    report.table("records", &table)?;
    report.value("dropped", &state.ring.dropped())
}

struct RbtreeProbe {
    _target: report::File<State>,
    _records: report::File<State>,
}

impl kernel::Module for RbtreeProbe {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let ring = Arc::new(Ring::new(1024)?, GFP_KERNEL)?;
        let state = Arc::pin_init(
            pin_init!(State {
                ring,
                taken <- new_mutex!(KVVec::new()),
                probe <- new_mutex!(None),
            }),
            GFP_KERNEL,
        )?;
        state.plant(&params::target.get()?)?;
        Ok(Self {
            _target: report::File::writable(c"target", state.clone(), show_target, State::plant)?,
            _records: report::File::new(c"records", state, show_records)?,
        })
    }
}
