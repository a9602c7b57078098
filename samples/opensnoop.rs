// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Shows who opens what: the path as it was given, with which flags, the descriptor or the error, and how long it took.
//! `cat /sys/kernel/debug/opensnoop/opens` prints a line for each, as it comes, with the time in front:
//!
//! ```text
//! 12.345678 2264 cat: /etc/passwd O_RDONLY: 3, 10250 ns
//! # 2 lost
//! ```
//!
//! Lost are those that the reader was too slow for, and, whoever they are of, those that are under way while a hundred others
//! are. `opens.bin` has the same for programs. `insmod opensnoop.ko filter=comm=cat`, or
//! `echo uid=1000 every=10 >/sys/module/opensnoop/parameters/filter` at any time, chooses whose.

use kernel::{fmt, fs::file::flags, prelude::*, str::BStr, sync::Arc, time::Delta};
use rprobes::{
    context::Comm,
    kretprobe::{self, Entry, EntryContext, Options, RetContext},
    read,
    stream::{self, Pushed, Record},
    types::UserPtr,
    ProbeSet, Scratch, Stream, Timer,
};

rprobes::module! {
    type: OpenSnoop,
    name: "opensnoop",
    authors: ["The rprobes authors"],
    description: "Shows who opens what",
    license: "GPL",
    params: {
        filter: filter { description: "Whose: pid=, tgid=, comm=, uid=, cpu=, every=" },
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

rprobes::record! {
    /// An open that has returned; the path is behind it.
    struct Open {
        pid: i32,
        flags: u32,
        result: i64,
        /// In nanoseconds.
        took: u64,
        comm: Comm,
    }
}

impl Record for Open {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, path) = (pushed.seconds(), BStr::from_bytes(pushed.bytes));
        let (pid, comm, result, took) = (self.pid, self.comm, self.result, self.took);
        f.write_fmt(fmt!("{time} {pid} {comm}: {path} "))?;
        f.write_str(match self.flags & flags::O_ACCMODE {
            flags::O_RDONLY => "O_RDONLY",
            flags::O_WRONLY => "O_WRONLY",
            _ => "O_RDWR",
        })?;
        let mut rest = self.flags;
        for (bits, name) in FLAGS {
            if rest & bits == bits {
                write!(f, "|{name}")?;
                rest &= !bits;
            }
        }
        write!(f, ": {result}, {took} ns")
    }
}

/// The longest path that the kernel takes, with its NUL.
const PATH_MAX: usize = 4096;

struct Opens {
    stream: Stream<Open>,
    path: Scratch,
}

#[vtable]
impl kretprobe::Handler<do_sys_openat2> for Opens {
    /// The path, the flags, and when it has begun.
    type Data = (UserPtr<u8>, u32, u64);

    fn entry(&self, cx: &EntryContext<'_, do_sys_openat2>) -> Entry<Self::Data> {
        if !params::filter.matches(cx) {
            return Entry::Skip;
        }
        let flags = read!(cx, cx.args().how() => flags).unwrap_or(0) as u32;
        Entry::Trace((cx.args().filename(), flags, cx.timestamp()))
    }

    fn ret(&self, cx: &RetContext<'_, do_sys_openat2>, &(path, flags, begun): &Self::Data) {
        let open = Open {
            pid: cx.tgid(),
            flags,
            // It is an int, or a long, as the kernel has it.
            result: cx.return_value() as isize as i64,
            took: cx.elapsed(begun),
            comm: cx.comm(),
        };
        // Now that the kernel has read the path, it is in memory. No task comes in the middle of this, so there is a buffer.
        self.path.with(|buffer| {
            let path = cx.read_user_str(path, buffer).unwrap_or(b"?");
            self.stream.push_with(open, path)
        });
    }
}

/// Keeps the probes.
struct OpenSnoop(#[expect(dead_code, reason = "dropped with this")] Timer);

impl kernel::Module for OpenSnoop {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let stream = Stream::new(c"opens", stream::Options::longest(PATH_MAX))?;
        let path = Scratch::new(PATH_MAX)?;
        let opens = Arc::new(Opens { stream, path }, GFP_KERNEL)?;
        // Many may wait in it, such as for the other end of a FIFO.
        let options = Options::maxactive(100);
        let mut set = ProbeSet::builder();
        set.kretprobe(do_sys_openat2::TARGET, options, opens.clone())?;
        let probes = set.register()?;
        let tell = move || opens.stream.set_missed(probes.missed());
        Ok(Self(Timer::every(Delta::from_secs(1), tell)?))
    }
}
