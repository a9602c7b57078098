// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Whose the running task is, what it executes, and where it came from.
//!
//! C headers: [`include/linux/cred.h`](srctree/include/linux/cred.h),
//! [`include/linux/nsproxy.h`](srctree/include/linux/nsproxy.h),
//! [`include/linux/mm_types.h`](srctree/include/linux/mm_types.h)

use kernel::{
    fmt::{self, Display, Write},
    prelude::*,
    str::BStr,
};

use super::{capability::Capabilities, memory, task::Comm};
use crate::bindings;

/// A task that another one descends from.
#[derive(Clone, Copy, Default)]
#[repr(transparent)]
pub struct Parent(bindings::rprobes_parent);

impl Parent {
    /// The thread. C: `task->pid`.
    pub fn pid(&self) -> i32 {
        self.0.pid
    }

    /// The process: what user space calls its PID. C: `task->tgid`.
    pub fn tgid(&self) -> i32 {
        self.0.tgid
    }

    /// The name of the thread; prints as text.
    pub fn comm(&self) -> Comm {
        Comm(self.0.comm)
    }
}

/// The command line of a process, or other strings; prints with a blank between the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandLine<'b>(pub(crate) &'b [u8]);

impl<'b> CommandLine<'b> {
    /// What [`bytes`](Self::bytes) has returned, such as in a record of a [`Stream`](crate::Stream), to be printed. Any context.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// As in `/proc/PID/cmdline`: with a NUL behind each argument. What the buffer had no room for is cut off.
    pub fn bytes(&self) -> &'b [u8] {
        self.0
    }
}

impl Display for CommandLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.strip_suffix(&[0]).unwrap_or(self.0);
        for (i, argument) in text.split(|&c| c == 0).enumerate() {
            if i != 0 {
                f.write_char(' ')?;
            }
            Display::fmt(BStr::from_bytes(argument), f)?;
        }
        Ok(())
    }
}

/// A kind of namespace.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(crate) enum Namespace {
    Cgroup = bindings::RPROBES_NS_CGROUP,
    Ipc = bindings::RPROBES_NS_IPC,
    Mount = bindings::RPROBES_NS_MOUNT,
    Net = bindings::RPROBES_NS_NET,
    Pid = bindings::RPROBES_NS_PID,
    User = bindings::RPROBES_NS_USER,
    Uts = bindings::RPROBES_NS_UTS,
}

pub(crate) fn uid() -> u32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_uid() }
}

pub(crate) fn gid() -> u32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_gid() }
}

pub(crate) fn euid() -> u32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_euid() }
}

pub(crate) fn egid() -> u32 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_egid() }
}

pub(crate) fn capabilities() -> Capabilities {
    // SAFETY: May be called anywhere.
    Capabilities(unsafe { bindings::rprobes_task_capabilities() })
}

pub(crate) fn start_time() -> u64 {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_start_time() }
}

pub(crate) fn parents(parents: &mut [Parent]) -> &[Parent] {
    // SAFETY: There is room for as many; `Parent` is transparent.
    let found =
        unsafe { bindings::rprobes_task_parents(parents.as_mut_ptr().cast(), parents.len()) };
    &parents[..found.min(parents.len())]
}

/// The address of the `struct file` of the executable, if there is one.
pub(crate) fn exe_file() -> Option<usize> {
    // SAFETY: May be called anywhere.
    let address = unsafe { bindings::rprobes_task_exe_file() };
    (address != 0).then_some(address)
}

/// Where the arguments are in the memory of the process, if it has some: their address, and how many bytes.
pub(crate) fn arguments() -> Option<(usize, usize)> {
    let (mut start, mut end) = (0, 0);
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_task_arguments(&mut start, &mut end) }
        .then_some((start, end.saturating_sub(start)))
}

pub(crate) fn command_line(
    (address, len): (usize, usize),
    buffer: &mut [u8],
) -> Result<CommandLine<'_>> {
    let len = len.min(buffer.len());
    let buffer = &mut buffer[..len];
    memory::read_user_bytes(address, buffer)?;
    Ok(CommandLine(buffer))
}

/// The inode number of a namespace.
pub(crate) fn namespace(kind: Namespace) -> Option<u32> {
    // SAFETY: May be called anywhere.
    let number = unsafe { bindings::rprobes_task_namespace(kind as u32) };
    (number != 0).then_some(number)
}
