// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The task that was running when a probe was hit.

use kernel::prelude::*;

use super::{context::Context, path::KnowsMounts};
use crate::machine::{
    process::{self, Namespace},
    Path,
};

pub use crate::machine::{Capabilities, Capability, CommandLine, Parent};

/// The task that is running: whose it is, what it executes, where it came from. [`Context::task`] gives it.
///
/// An interrupt runs in whichever task it came upon, a kernel thread has no executable, and an idle CPU runs a task
/// as well, whose PID is 0.
///
/// IDs and capabilities are those that the task acts with. Those that `/proc` shows differ while the kernel acts for
/// someone else, as file servers and overlayfs do.
///
/// Everything here is for atomic context, as handlers are.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::PreContext, task::{Capability, Parent}};
///
/// fn show(cx: &PreContext<'_>) {
///     let task = cx.task();
///     pr_info!(
///         "{} of user {}, administrator: {}\n",
///         cx.comm(),
///         task.uid(),
///         task.capabilities().has(Capability::SysAdmin)
///     );
///     if let Ok(command) = task.command_line(&mut [0; 128]) {
///         pr_info!("  {}\n", command);
///     }
///     for parent in task.parents(&mut [Parent::default(); 8]) {
///         pr_info!("  from {} {}\n", parent.tgid(), parent.comm());
///     }
/// }
/// ```
#[doc(alias = "task_struct")]
#[doc(alias = "current")]
pub struct Task<'a, Phase, F>(&'a Context<'a, Phase, F>);

impl<Phase, F> Context<'_, Phase, F> {
    /// The task that is running, to ask it more than [`pid`](Self::pid), [`tgid`](Self::tgid) and
    /// [`comm`](Self::comm) say.
    #[doc(alias = "current")]
    #[inline(always)]
    pub fn task(&self) -> Task<'_, Phase, F> {
        Task(self)
    }
}

impl<Phase, F> Task<'_, Phase, F> {
    /// The user, by its number in the initial user namespace.
    #[doc(alias = "current_uid")]
    pub fn uid(&self) -> u32 {
        process::uid()
    }

    /// The group, by its number in the initial user namespace.
    #[doc(alias = "current_gid")]
    pub fn gid(&self) -> u32 {
        process::gid()
    }

    /// The effective user, whose permissions it has, by its number in the initial user namespace.
    #[doc(alias = "current_euid")]
    pub fn euid(&self) -> u32 {
        process::euid()
    }

    /// The effective group, whose permissions it has, by its number in the initial user namespace.
    #[doc(alias = "current_egid")]
    pub fn egid(&self) -> u32 {
        process::egid()
    }

    /// The effective capabilities, which it has in its own user namespace.
    #[doc(alias = "current_cap")]
    #[doc(alias = "capable")]
    pub fn capabilities(&self) -> Capabilities {
        process::capabilities()
    }

    /// When the thread started: nanoseconds since boot, time in suspend included.
    #[doc(alias = "start_boottime")]
    pub fn start_time(&self) -> u64 {
        process::start_time()
    }

    /// What it descends from, the parent first, up to and with init or kthreadd; at most as many as fit. None for an
    /// idle CPU.
    #[doc(alias = "real_parent")]
    pub fn parents<'b>(&self, parents: &'b mut [Parent]) -> &'b [Parent] {
        process::parents(parents)
    }

    /// The path of its executable, from its own root on; see [`Context::path`].
    ///
    /// Does not compile for a kernel without BTF.
    ///
    /// # Errors
    ///
    /// [`ENOENT`] for one that executes no file: a kernel thread, an idle CPU, a task that exits.
    #[doc(alias = "exe_file")]
    pub fn exe<'b>(&self, buffer: &'b mut [u8]) -> Result<Path<'b>> {
        let file = process::exe_file().ok_or(ENOENT)?;
        self.0.file_path(file, buffer)
    }

    /// Its command line, as much as fits, from its own memory, where it may have been overwritten.
    ///
    /// # Errors
    ///
    /// - [`ENOENT`] for one that has none: a kernel thread, an idle CPU, a task that exits.
    /// - [`EFAULT`] if it is swapped out; the handler's `fault` is called first.
    #[doc(alias = "arg_start")]
    #[doc(alias = "get_cmdline")]
    pub fn command_line<'b>(&self, buffer: &'b mut [u8]) -> Result<CommandLine<'b>> {
        let arguments = process::arguments().ok_or(ENOENT)?;
        process::command_line(arguments, buffer).inspect_err(|_| self.0.faulted(arguments.0))
    }
}

/// # Namespaces
///
/// By their inode numbers, as `/proc/PID/ns` has them. None while the task exits, and where the kernel is built without
/// such namespaces.
impl<Phase, F> Task<'_, Phase, F> {
    /// The cgroup namespace.
    #[doc(alias = "cgroup_ns")]
    pub fn cgroup_namespace(&self) -> Option<u32> {
        process::namespace(Namespace::Cgroup)
    }

    /// The namespace of System V IPC and POSIX message queues.
    #[doc(alias = "ipc_ns")]
    pub fn ipc_namespace(&self) -> Option<u32> {
        process::namespace(Namespace::Ipc)
    }

    /// The mount namespace. Does not compile for a kernel without BTF.
    #[doc(alias = "mnt_ns")]
    pub fn mount_namespace(&self) -> Option<u32> {
        const { KnowsMounts::<Phase>::CHECK };
        process::namespace(Namespace::Mount)
    }

    /// The network namespace.
    #[doc(alias = "net_ns")]
    pub fn net_namespace(&self) -> Option<u32> {
        process::namespace(Namespace::Net)
    }

    /// The PID namespace that the task is in.
    #[doc(alias = "task_active_pid_ns")]
    pub fn pid_namespace(&self) -> Option<u32> {
        process::namespace(Namespace::Pid)
    }

    /// The user namespace.
    #[doc(alias = "current_user_ns")]
    pub fn user_namespace(&self) -> Option<u32> {
        process::namespace(Namespace::User)
    }

    /// The namespace of host and domain name.
    #[doc(alias = "uts_ns")]
    pub fn uts_namespace(&self) -> Option<u32> {
        process::namespace(Namespace::Uts)
    }
}
