// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Prints who opens what: the path as it was given, with which flags, the descriptor or the error, and how long it took.
//! With `comm=cat`, only what programs of this name open.

use kernel::{
    fmt::{self, Display},
    fs::file::flags,
    prelude::*,
    str::BStr,
};
use rprobes::{
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    module::StringValue,
    read, ProbeSet, UserString,
};

rprobes::module! {
    type: OpenSnoop,
    name: "opensnoop",
    authors: ["The rprobes authors"],
    description: "Prints who opens what",
    license: "GPL",
    params: {
        comm: string { default: "", description: "Only programs of this name" },
    },
}

// What open(), openat(), openat2() and creat() come to.
rprobes::kernel_types! { fn do_sys_openat2(filename: user); }

macro_rules! flags {
    ($($name:ident)*) => { [$((flags::$name, stringify!($name))),*] };
}

/// How a file may be opened; what includes another one comes before that.
const FLAGS: [(u32, &str); 16] = flags!(O_CREAT O_EXCL O_TRUNC O_APPEND O_NONBLOCK O_TMPFILE O_DIRECTORY O_NOFOLLOW
    O_CLOEXEC O_PATH O_DIRECT O_SYNC O_DSYNC O_ASYNC O_NOATIME O_NOCTTY);

/// Prints as `O_WRONLY|O_CREAT`.
struct Flags(u32);

impl Display for Flags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 & flags::O_ACCMODE {
            flags::O_RDONLY => "O_RDONLY",
            flags::O_WRONLY => "O_WRONLY",
            _ => "O_RDWR",
        })?;
        let mut rest = self.0;
        for (bits, name) in FLAGS {
            if rest & bits == bits {
                write!(f, "|{name}")?;
                rest &= !bits;
            }
        }
        Ok(())
    }
}

/// What is kept of a call until it returns.
struct Call {
    path: UserString<256>,
    flags: Flags,
    begun: u64,
}

struct Opens {
    comm: StringValue,
}

#[vtable]
impl kretprobe::Handler<do_sys_openat2> for Opens {
    type Data = Call;

    fn entry(&self, cx: &EntryContext<'_, do_sys_openat2>) -> Entry<Call> {
        if !self.comm.is_empty() && cx.comm().bytes() != &*self.comm {
            return Entry::Skip;
        }
        let flags = read!(cx, cx.args().how() => flags).unwrap_or(0);
        Entry::Trace(Call {
            path: cx.user_string(cx.args().filename()),
            flags: Flags(flags as u32),
            begun: cx.timestamp(),
        })
    }

    fn ret(&self, cx: &RetContext<'_, do_sys_openat2>, call: &Call) {
        let (mut buffer, flags) = ([0; 256], &call.flags);
        let path = call.path.get(cx, &mut buffer);
        let path = BStr::from_bytes(path.map_or(b"?", |path| path.bytes));
        let (pid, comm, result) = (cx.tgid(), cx.comm(), cx.return_value());
        // The clocks of two CPUs may differ.
        let time = cx.timestamp().saturating_sub(call.begun);
        pr_info!("{pid} {comm}: {path} {flags}: {result}, {time} ns\n");
    }
}

struct OpenSnoop {
    _probes: ProbeSet,
}

impl kernel::Module for OpenSnoop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        // Many may wait in it, such as for the other end of a FIFO.
        let options = Options {
            maxactive: 100,
            ..Options::default()
        };
        let opens = Opens {
            comm: params::comm.get()?,
        };
        let mut set = ProbeSet::builder();
        set.kretprobe(do_sys_openat2::TARGET, options, opens)?;
        Ok(Self {
            _probes: set.register()?,
        })
    }
}
