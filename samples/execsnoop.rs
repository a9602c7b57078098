// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints which programs are executed: by whom, with what arguments, and the error if that fails.

use kernel::{prelude::*, str::BStr};
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    task::Parent,
    types::{Signature, UserPtr},
    ProbeSet,
};

rprobes::module! {
    type: ExecSnoop,
    name: "execsnoop",
    authors: ["The rprobes authors"],
    description: "Prints which programs are executed",
    license: "GPL",
}

rprobes::kernel_types! { syscall execve; syscall execveat; }

/// What is kept of a call until it returns, as a new program begins with other registers.
struct Call {
    file: UserPtr<u8>,
    argv: UserPtr<UserPtr<u8>>,
}

struct Programs;

macro_rules! snoop {
    ($call:ident) => {
        #[vtable]
        impl kretprobe::Handler<$call> for Programs {
            type Data = Call;

            fn entry(&self, cx: &EntryContext<'_, $call>) -> Entry<Call> {
                let (file, argv) = (cx.args().filename(), cx.args().argv());
                Entry::Trace(Call { file, argv })
            }

            fn ret(&self, cx: &RetContext<'_, $call>, call: &Call) {
                show(cx, call);
            }
        }
    };
}

snoop!(sys_execve);
snoop!(sys_execveat);

fn show<F: Signature<Return = isize>>(cx: &RetContext<'_, F>, call: &Call) {
    let (mut file, mut arguments) = ([0; 128], [0; 256]);
    let (task, result) = (cx.task(), cx.return_value());
    // The new program has its arguments, the kernel has copied them there, and the memory of the old one is gone. If there
    // is no new program, all is where it was.
    let (file, arguments) = if result == 0 {
        (
            task.exe(&mut file).map(|path| path.bytes()),
            task.command_line(&mut arguments),
        )
    } else {
        (
            cx.read_user_str(call.file, &mut file),
            cx.user_strings(call.argv, &mut arguments),
        )
    };
    let [parent] = *task.parents(&mut [Parent::default()]) else {
        return;
    };
    let (pid, comm, file) = (cx.tgid(), cx.comm(), BStr::from_bytes(file.unwrap_or(b"?")));
    let (ppid, pcomm) = (parent.tgid(), parent.comm());
    match arguments {
        Ok(arguments) => {
            pr_info!("{pid} {comm} of {ppid} {pcomm}: {file} [{arguments}]: {result}\n")
        }
        Err(error) => pr_info!("{pid} {comm} of {ppid} {pcomm}: {file} [{error:?}]: {result}\n"),
    }
}

struct ExecSnoop {
    _probes: ProbeSet,
}

impl kernel::Module for ExecSnoop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let options = Options {
            maxactive: 100,
            ..Options::default()
        };
        let mut set = ProbeSet::builder();
        set.kretprobe(sys_execve::TARGET, options, Programs)?;
        set.kretprobe(sys_execveat::TARGET, options, Programs)?;
        Ok(Self {
            _probes: set.register()?,
        })
    }
}
