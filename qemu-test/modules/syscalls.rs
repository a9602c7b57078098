// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints what handlers see of the system calls of the program `calls`, and of the memory of it.

use kernel::{
    prelude::*,
    str::BStr,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc,
    },
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    Context, ProbeSet, Scratch, Syscall, Target, UserString,
};

rprobes::module! {
    type: Syscalls,
    name: "syscalls",
    authors: ["The rprobes authors"],
    description: "Prints the system calls of a program",
    license: "GPL",
}

fn is_ours<Phase>(cx: &Context<'_, Phase>) -> bool {
    cx.comm().0.starts_with(b"calls\0")
}

/// Prints the first `n` arguments.
struct Show {
    name: &'static str,
    n: usize,
}

impl Show {
    fn show(&self, call: &Syscall, compat: bool) {
        let all = [call.arg(0), call.arg(1), call.arg(2), call.arg(3)];
        pr_info!(
            "{}: {:x?}, compat {}, in a call {}\n",
            self.name,
            &all[..self.n],
            compat,
            call.number().is_some()
        );
    }
}

#[vtable]
impl kprobe::Handler for Show {
    fn pre(&self, cx: &PreContext<'_>) {
        if is_ours(cx) {
            let call = cx.syscall();
            self.show(&call, call.is_compat());
        }
    }
}

/// The same, by what is still there at the return.
#[vtable]
impl kretprobe::Handler for Show {
    type Data = Syscall;

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<Syscall> {
        if is_ours(cx) {
            Entry::Trace(cx.syscall())
        } else {
            Entry::Skip
        }
    }

    fn ret(&self, cx: &RetContext<'_>, entered: &Syscall) {
        let call = cx.syscall();
        let is_same = call.arg(0) == entered.arg(0)
            && call.arg(1) == entered.arg(1)
            && call.number() == entered.number();
        self.show(&call, entered.is_compat());
        pr_info!(
            "{}: returned {}, same {}\n",
            self.name,
            cx.return_value() as i32,
            is_same
        );
    }
}

/// Prints the path at the entry and at the return.
struct Open;

#[vtable]
impl kretprobe::Handler for Open {
    type Data = UserString<64>;

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<Self::Data> {
        if !is_ours(cx) {
            return Entry::Skip;
        }
        let (address, mut buffer) = (cx.syscall().arg(1), [0; 128]);
        let kernel = cx.read::<u8>(address);
        match cx.read_user_str(address, &mut buffer) {
            Ok(path) => pr_info!("entry: {}, by read {:?}\n", BStr::from_bytes(path), kernel),
            Err(error) => pr_info!("entry: {:?}, by read {:?}\n", error, kernel),
        }
        Entry::Trace(cx.user_string(address))
    }

    fn ret(&self, cx: &RetContext<'_>, path: &Self::Data) {
        let mut buffer = [0; 16];
        match path.get(cx, &mut buffer) {
            Ok(text) => pr_info!("return: {}, cut off {}\n", text, text.is_cut_off),
            Err(error) => pr_info!("return: {:?}\n", error),
        }
    }
}

/// Prints the arguments of a program.
struct Exec;

#[vtable]
impl kprobe::Handler for Exec {
    fn pre(&self, cx: &PreContext<'_>) {
        if !is_ours(cx) {
            return;
        }
        let (array, mut buffer) = (cx.syscall().arg(1), [0; 32]);
        for (i, argument) in cx.user_pointers(array, 3).enumerate() {
            let text = argument.and_then(|address| cx.read_user_str(address, &mut buffer));
            pr_info!("argv[{}]: {:?}\n", i, text.map(BStr::from_bytes));
        }
        pr_info!("argv: {} in all\n", cx.user_pointers(array, 100).count());
        for room in [12, 13, 14, 100] {
            let mut buffer = [0; 100];
            match cx.user_strings(array, &mut buffer[..room]) {
                Ok(text) => pr_info!("strings in {}: {} ({})\n", room, text, text.bytes().len()),
                Err(error) => pr_info!("strings in {}: {:?}\n", room, error),
            }
        }
        let mut nowhere = cx.user_pointers(8, 100);
        pr_info!("nowhere: {:?}, {:?}\n", nowhere.next(), nowhere.next());
    }
}

/// Takes buffers inside one another, until there are none.
struct Nest(Scratch);

impl Nest {
    fn levels(&self, depth: u8) -> u8 {
        let level = |buffer: &mut [u8]| {
            buffer.fill(depth);
            let levels = self.levels(depth + 1);
            // Nobody else has written to it.
            let intact = buffer.len() == 100 && buffer.iter().all(|byte| *byte == depth);
            if intact {
                levels
            } else {
                0
            }
        };
        self.0.with(level).unwrap_or(depth)
    }
}

#[vtable]
impl kprobe::Handler for Nest {
    fn pre(&self, cx: &PreContext<'_>) {
        if is_ours(cx) {
            pr_info!(
                "scratch: {} and {} levels, {} refused\n",
                self.levels(0),
                self.levels(0),
                self.0.refused()
            );
        }
    }
}

/// Counts hits, and those of them in a system call.
struct Inside {
    hits: Atomic<usize>,
    in_call: Atomic<usize>,
    only_ours: bool,
}

impl Inside {
    fn new(only_ours: bool) -> Result<Arc<Self>> {
        let inside = Self {
            hits: Atomic::new(0),
            in_call: Atomic::new(0),
            only_ours,
        };
        Ok(Arc::new(inside, GFP_KERNEL)?)
    }

    fn print(&self, name: &str) {
        let (hits, in_call) = (self.hits.load(Relaxed), self.in_call.load(Relaxed));
        pr_info!(
            "{}: {} hits, {} outside of calls\n",
            name,
            hits,
            hits - in_call
        );
    }
}

#[vtable]
impl kprobe::Handler for Inside {
    fn pre(&self, cx: &PreContext<'_>) {
        if is_ours(cx) || !self.only_ours {
            self.hits.fetch_add(1, Relaxed);
            if cx.syscall().number().is_some() {
                self.in_call.fetch_add(1, Relaxed);
            }
        }
    }
}

struct Syscalls {
    probes: ProbeSet,
    getpid: Arc<Inside>,
    threads: Arc<Inside>,
    interrupts: Arc<Inside>,
}

impl kernel::Module for Syscalls {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let (getpid, threads, interrupts) =
            (Inside::new(true)?, Inside::new(false)?, Inside::new(true)?);
        let show = |name, n| Show { name, n };
        let options = Options::default();
        let mut set = ProbeSet::builder();
        set.kprobe(Target::syscall(c"kill"), show("kill", 2))?;
        set.kprobe(Target::parse(b"sys_kill")?, Nest(Scratch::new(100)?))?;
        set.kretprobe(Target::syscall(c"kill"), options, show("kret", 2))?;
        set.kprobe(Target::syscall(c"pread64"), show("pread64", 4))?;
        set.kretprobe(Target::syscall(c"openat"), options, Open)?;
        set.kprobe(Target::syscall(c"execve"), Exec)?;
        set.kretprobe(Target::syscall(c"execve"), options, show("execve", 2))?;
        set.kprobe(Target::syscall(c"getpid"), getpid.clone())?;
        set.kprobe(Target::syscall(c"no_such_call"), show("none", 0))?
            .optional();
        set.kprobe(Target::symbol(c"kthread_should_stop"), threads.clone())?;
        set.kprobe(Target::symbol(c"hrtimer_interrupt"), interrupts.clone())?;
        let probes = set.register()?;
        pr_info!(
            "{} members, {} missing\n",
            probes.stats().count(),
            probes.stats().filter(Option::is_none).count()
        );
        if let Some(Some((address, stats))) = probes.stats().next() {
            pr_info!("first: {}, {} missed\n", address, stats.missed);
        }
        let none = Kprobe::new(Target::syscall(c"no_such_call"), show("none", 0));
        if let Err(error) = KBox::pin_init(none, GFP_KERNEL) {
            pr_info!("no_such_call: {:?}\n", error);
        }
        Ok(Self {
            probes,
            getpid,
            threads,
            interrupts,
        })
    }
}

impl Drop for Syscalls {
    fn drop(&mut self) {
        pr_info!("{} probes\n", self.probes.len());
        self.getpid.print("getpid");
        self.threads.print("kernel threads");
        self.interrupts.print("interrupts");
    }
}
