// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Shows which programs are executed: by whom, of which parent, with what arguments, and the error if that fails.
//! `cat /sys/kernel/debug/execsnoop/execs` prints a line for each, as it comes, with the time in front:
//!
//! ```text
//! 12.345678 2264 ls of 2200 bash: /usr/bin/ls [ls -l /]: 0
//! ```
//!
//! `# 2 lost` is where some are missing; `execs.bin` has the same for programs. `filter=` chooses whose, when it is loaded or, in
//! `/sys/module/execsnoop/parameters/filter`, at any time: `uid=1000`, or `comm=ls`, which is the name of the new program, or of
//! the one that goes on if there is none.

use kernel::{fmt, prelude::*, str::BStr, sync::Arc, time::Delta};
use rprobes::{
    context::Comm,
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    stream::{self, Pushed, Record},
    task::{CommandLine, Parent},
    types::{Signature, UserPtr},
    ProbeSet, Scratch, Stream, Timer,
};

rprobes::module! {
    type: ExecSnoop,
    name: "execsnoop",
    authors: ["The rprobes authors"],
    description: "Shows which programs are executed",
    license: "GPL",
    params: {
        filter: filter { description: "Whose: pid=, tgid=, comm=, uid=, cpu=, every=" },
    },
}

rprobes::kernel_types! { syscall execve; syscall execveat; }

/// The longest path that the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;
/// How much of the arguments there is room for.
const ARGUMENTS: usize = 4096;

rprobes::record! {
    /// A program that was executed, or not; the arguments, with NULs between, and the path are behind it.
    struct Exec {
        pid: i32,
        parent: i32,
        result: i32,
        /// How many bytes of arguments; 0 if they are not in memory.
        len: u32,
        comm: Comm,
        parent_comm: Comm,
    }
}

impl Record for Exec {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, pid, comm) = (pushed.seconds(), self.pid, self.comm);
        let (parent, parent_comm, result) = (self.parent, self.parent_comm, self.result);
        let (arguments, file) = pushed.bytes.split_at(self.len as usize);
        let (arguments, file) = (CommandLine::new(arguments), BStr::from_bytes(file));
        f.write_fmt(fmt!(
            "{time} {pid} {comm} of {parent} {parent_comm}: {file} [{arguments}]: {result}"
        ))
    }
}

/// What is kept of a call until it returns, as a new program begins with other registers: the path, and the arguments.
type Call = (UserPtr<u8>, UserPtr<UserPtr<u8>>);

struct Execs {
    stream: Stream<Exec>,
    texts: Scratch,
}

impl Execs {
    fn push<F: Signature<Return = isize>>(&self, cx: &RetContext<'_, F>, &(path, argv): &Call) {
        if !params::filter.matches(cx) {
            return;
        }
        let (task, result) = (cx.task(), cx.return_value());
        let [parent] = *task.parents(&mut [Parent::default()]) else {
            return;
        };
        // No task comes in the middle of this, so there is a buffer.
        self.texts.with(|buffer| {
            let (room, texts) = buffer.split_at_mut(PATH_MAX);
            // The new program has its arguments, the kernel has copied them there, and the memory of the old one is gone. If
            // there is no new program, all is where it was.
            let arguments = &mut texts[..ARGUMENTS];
            let (file, arguments) = if result == 0 {
                let file = task.exe(room).map(|path| path.bytes());
                (file, task.command_line(arguments))
            } else {
                let file = cx.read_user_str(path, room);
                (file, cx.user_strings(argv, arguments))
            };
            let len = arguments.map_or(0, |arguments| arguments.bytes().len());
            let file = file.unwrap_or(b"?");
            let end = len + file.len();
            texts[len..end].copy_from_slice(file);
            let exec = Exec {
                pid: cx.tgid(),
                parent: parent.tgid(),
                result: result as i32,
                len: len as u32,
                comm: cx.comm(),
                parent_comm: parent.comm(),
            };
            self.stream.push_with(exec, &texts[..end])
        });
    }
}

macro_rules! snoop {
    ($call:ident) => {
        #[vtable]
        impl kretprobe::Handler<$call> for Execs {
            type Data = Call;

            fn entry(&self, cx: &EntryContext<'_, $call>) -> Entry<Call> {
                Entry::Trace((cx.args().filename(), cx.args().argv()))
            }

            fn ret(&self, cx: &RetContext<'_, $call>, call: &Call) {
                self.push(cx, call);
            }
        }
    };
}

snoop!(sys_execve);
snoop!(sys_execveat);

/// Keeps the probes.
struct ExecSnoop(#[expect(dead_code, reason = "dropped with this")] Timer);

impl kernel::Module for ExecSnoop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let longest = PATH_MAX + ARGUMENTS;
        let stream = Stream::new(c"execs", stream::Options::longest(longest))?;
        let texts = Scratch::new(PATH_MAX + longest)?;
        let execs = Arc::new(Execs { stream, texts }, GFP_KERNEL)?;
        let options = Options::maxactive(100);
        let mut set = ProbeSet::builder();
        set.kretprobe(sys_execve::TARGET, options, execs.clone())?;
        set.kretprobe(sys_execveat::TARGET, options, execs.clone())?;
        let probes = set.register()?;
        let tell = move || execs.stream.set_missed(probes.missed());
        Ok(Self(Timer::every(Delta::from_secs(1), tell)?))
    }
}
