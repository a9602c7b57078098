// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Hooks `clone` and `execve`: a line before each call, with the file that is to be executed, and a line after it. They come from
//! `cat /sys/kernel/debug/ftrace_hook/calls`, with the time in front:
//!
//! ```text
//! 12.345678 2264 sh: execve() before: /bin/ls
//! 12.345789 2264 ls: execve() after: 0
//! ```
//!
//! `# 2 lost` is where the reader was too slow; `calls.bin` has the same for programs.

use kernel::{fmt, prelude::*, str::BStr, sync::Arc};
use rprobes::{
    context::Comm,
    hook::{Hook, HookContext, Replacement, Returned},
    stream::{self, Pushed, Record},
    Stream,
};

rprobes::module! {
    type: FtraceHook,
    name: "ftrace_hook",
    authors: ["The rprobes authors"],
    description: "Hooks clone and execve",
    license: "GPL",
}

rprobes::kernel_types! { syscall clone; syscall execve; }

/// How much of a path is shown.
const LONGEST: usize = 128;

const CLONE: u16 = 0;
const EXECVE: u16 = 1;

rprobes::record! {
    /// A line; the file of `execve` is behind the first.
    struct Line {
        pid: i32,
        /// `CLONE` or `EXECVE`.
        call: u16,
        /// 1 after the call, 0 before it.
        is_after: u16,
        result: i64,
        comm: Comm,
    }
}

impl Line {
    fn before<F>(cx: &HookContext<'_, F>, call: u16) -> Self {
        Self {
            pid: cx.tgid(),
            call,
            is_after: 0,
            result: 0,
            comm: cx.comm(),
        }
    }

    fn after<F>(cx: &HookContext<'_, F>, call: u16, result: isize) -> Self {
        Self {
            is_after: 1,
            result: result as i64,
            ..Self::before(cx, call)
        }
    }
}

impl Record for Line {
    fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, pid, comm) = (pushed.seconds(), self.pid, self.comm);
        let call = if self.call == CLONE {
            "clone"
        } else {
            "execve"
        };
        f.write_fmt(fmt!("{time} {pid} {comm}: {call}() "))?;
        if self.is_after != 0 {
            return write!(f, "after: {}", self.result);
        }
        f.write_str("before")?;
        if self.call == EXECVE {
            f.write_fmt(fmt!(": {}", BStr::from_bytes(pushed.bytes)))?;
        }
        Ok(())
    }
}

struct Log(Arc<Stream<Line>>);

impl Replacement<sys_clone> for Log {
    fn call(&self, cx: &HookContext<'_, sys_clone>) -> Returned<sys_clone> {
        self.0.push(Line::before(cx, CLONE));
        let returned = cx.original();
        self.0.push(Line::after(cx, CLONE, returned.value()));
        returned
    }
}

impl Replacement<sys_execve> for Log {
    fn call(&self, cx: &HookContext<'_, sys_execve>) -> Returned<sys_execve> {
        let mut file = [0; LONGEST];
        let file = cx.read_user_str(cx.args().filename(), &mut file);
        self.0
            .push_with(Line::before(cx, EXECVE), file.unwrap_or(b"?"));
        let returned = cx.original();
        self.0.push(Line::after(cx, EXECVE, returned.value()));
        returned
    }
}

#[pin_data]
struct FtraceHook {
    #[pin]
    clone: Hook<Log, sys_clone>,
    #[pin]
    execve: Hook<Log, sys_execve>,
}

impl kernel::InPlaceModule for FtraceHook {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        pin_init::pin_init_scope(|| {
            let options = stream::Options::longest(LONGEST);
            let lines = Arc::new(Stream::new(c"calls", options)?, GFP_KERNEL)?;
            Ok(try_pin_init!(Self {
                // SAFETY: The calls are done as ever, with records pushed before and after, which may be done anywhere.
                clone <- unsafe { Hook::new(sys_clone::TARGET, Log(lines.clone())) },
                // SAFETY: As above.
                execve <- unsafe { Hook::new(sys_execve::TARGET, Log(lines)) },
            }))
        })
    }
}
