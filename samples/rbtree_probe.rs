// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A probe that the user plants and removes while the module is loaded. Write a function, and an offset if wanted, to
//! `/sys/kernel/debug/rbtree_probe/target`, or an empty line to remove the probe; `records` shows who came by
//! since, when, and with what arguments. By default, who inserts into red-black trees.

use kernel::{
    debugfs::{Dir, File},
    fmt, new_mutex,
    prelude::*,
    sync::{Arc, Mutex},
    uaccess::UserSliceReader,
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
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

fn show_target(state: &Arc<State>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match &*state.probe.lock() {
        Some(probe) => writeln!(f, "{}", fmt::Adapter(&**probe)),
        None => f.write_str("none\n"),
    }
}

fn choose_target(state: &Arc<State>, reader: &mut UserSliceReader) -> Result {
    if reader.len() > 600 {
        return Err(E2BIG);
    }
    let mut text = KVec::from_elem(0, reader.len(), GFP_KERNEL)?;
    reader.read_slice(&mut text)?;
    state.plant(&text)
}

fn show_records(state: &Arc<State>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(
        f,
        "{:>8} {:>16} {:>18} {:>18}",
        "pid", "time", "argument 0", "argument 1"
    )?;
    let mut taken = state.taken.lock();
    while taken.len() < 4096 {
        let Some(record) = state.ring.pop() else {
            break;
        };
        taken.push(record, GFP_KERNEL).map_err(|_| fmt::Error)?;
    }
    for Record {
        pid,
        time,
        arguments: [first, second],
    } in taken.iter()
    {
        writeln!(f, "{pid:>8} {time:>16} {first:#18x} {second:#18x}")?;
    }
    writeln!(f, "{} dropped", state.ring.dropped())
}

#[pin_data]
struct RbtreeProbe {
    #[pin]
    target: File<Arc<State>>,
    #[pin]
    records: File<Arc<State>>,
}

impl kernel::InPlaceModule for RbtreeProbe {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
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
            let (dir, shown) = (Dir::new(c"rbtree_probe"), state.clone());
            Ok(try_pin_init!(Self {
                target <- dir.read_write_callback_file(c"target", state, &show_target, &choose_target),
                records <- dir.read_callback_file(c"records", shown, &show_records),
            }))
        })
    }
}
