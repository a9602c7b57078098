// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Says what is known of tasks that open `/tmp/task-NAME`, of a kernel thread, and of an idle CPU.

use kernel::{
    prelude::*,
    str::BStr,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    task::{Capability, Parent},
    Target,
};

rprobes::module! {
    type: Tasks,
    name: "task",
    authors: ["The rprobes authors"],
    description: "Says what is known of tasks",
    license: "GPL",
}

extern "C" {
    fn rprobes_task_in_thread() -> c_int;
}

fn show(cx: &PreContext<'_>, name: &BStr) {
    let task = cx.task();
    pr_info!(
        "{}: ids {} {} {} {}\n",
        name,
        task.uid(),
        task.euid(),
        task.gid(),
        task.egid()
    );
    let capabilities = task.capabilities();
    pr_info!(
        "{}: capabilities {:016x}, chown {}, administrator {}, last {}\n",
        name,
        capabilities.0,
        capabilities.has(Capability::Chown),
        capabilities.has(Capability::SysAdmin),
        capabilities.has(Capability::CheckpointRestore)
    );
    pr_info!("{}: start {}\n", name, task.start_time());
    for parent in task.parents(&mut [Parent::default(); 16]) {
        pr_info!(
            "{}: parent {} {} {}\n",
            name,
            parent.pid(),
            parent.tgid(),
            parent.comm()
        );
    }
    if let Some(parent) = task.parents(&mut [Parent::default()]).first() {
        pr_info!("{}: one parent {}\n", name, parent.tgid());
    }
    for (kind, number) in [
        ("cgroup", task.cgroup_namespace()),
        ("ipc", task.ipc_namespace()),
        ("net", task.net_namespace()),
        ("pid", task.pid_namespace()),
        ("user", task.user_namespace()),
        ("uts", task.uts_namespace()),
    ] {
        match number {
            Some(number) => pr_info!("{}: namespace {}:[{}]\n", name, kind, number),
            None => pr_info!("{}: no namespace {}\n", name, kind),
        }
    }
    match task.command_line(&mut [0; 256]) {
        Ok(command) => pr_info!(
            "{}: {} bytes of command {}\n",
            name,
            command.bytes().len(),
            command
        ),
        Err(error) => pr_info!("{}: no command {:?}\n", name, error),
    }
    if let Ok(command) = task.command_line(&mut [0; 4]) {
        pr_info!("{}: short command {}\n", name, command);
    }
}

struct Opens;

#[vtable]
impl kprobe::Handler for Opens {
    fn pre(&self, cx: &PreContext<'_>) {
        let mut buffer = [0; 64];
        let Ok(path) = cx.read_user_str(cx.regs().arg(1), &mut buffer) else {
            return;
        };
        if let Some(name) = path.strip_prefix(b"/tmp/task-") {
            show(cx, BStr::from_bytes(name));
        }
    }
}

/// The first time only.
struct Once(&'static [u8], Atomic<u32>);

#[vtable]
impl kprobe::Handler for Once {
    fn pre(&self, cx: &PreContext<'_>) {
        if self.1.fetch_add(1, Relaxed) == 0 {
            pr_info!("{} is task {}\n", BStr::from_bytes(self.0), cx.pid());
            show(cx, BStr::from_bytes(self.0));
        }
    }
}

struct Tasks {
    _opens: Pin<KBox<Kprobe<Opens>>>,
    _thread: Pin<KBox<Kprobe<Once>>>,
    _idle: Pin<KBox<Kprobe<Once>>>,
}

impl kernel::Module for Tasks {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let once = |function: &'static CStr, name| {
            KBox::pin_init(
                Kprobe::new(Target::symbol(function), Once(name, Atomic::new(0))),
                GFP_KERNEL,
            )
        };
        let this = Self {
            _opens: KBox::pin_init(
                Kprobe::new(Target::symbol(c"do_sys_openat2"), Opens),
                GFP_KERNEL,
            )?,
            _thread: once(c"rprobes_task_target", b"thread")?,
            _idle: once(c"tick_nohz_idle_enter", b"idle")?,
        };
        // SAFETY: It may be called where one may sleep.
        kernel::error::to_result(unsafe { rprobes_task_in_thread() })?;
        Ok(this)
    }
}
