// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Hooks `clone` and `execve`: a line before each call, with the file that is to be executed, and a line after it.

use kernel::{prelude::*, str::BStr};
use rprobes::hook::{Hook, HookContext, Replacement, Returned};

rprobes::module! {
    type: FtraceHook,
    name: "ftrace_hook",
    authors: ["The rprobes authors"],
    description: "Hooks clone and execve",
    license: "GPL",
}

rprobes::kernel_types! { syscall clone; syscall execve; }

struct Log;

impl Replacement<sys_clone> for Log {
    fn call(&self, cx: &HookContext<'_, sys_clone>) -> Returned<sys_clone> {
        pr_info!("clone() before: {} {}\n", cx.tgid(), cx.comm());
        let returned = cx.original();
        pr_info!("clone() after: {}\n", returned.value());
        returned
    }
}

impl Replacement<sys_execve> for Log {
    fn call(&self, cx: &HookContext<'_, sys_execve>) -> Returned<sys_execve> {
        let mut file = [0; 128];
        let file = cx.read_user_str(cx.args().filename(), &mut file);
        let file = BStr::from_bytes(file.unwrap_or(b"?"));
        pr_info!("execve() before: {} {}\n", cx.tgid(), file);
        let returned = cx.original();
        pr_info!("execve() after: {}\n", returned.value());
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
        try_pin_init!(Self {
            // SAFETY: The calls are done as ever, with some printing before and after, which may be done wherever a process
            // enters the kernel.
            clone <- unsafe { Hook::new(sys_clone::TARGET, Log) },
            // SAFETY: As above.
            execve <- unsafe { Hook::new(sys_execve::TARGET, Log) },
        })
    }
}
