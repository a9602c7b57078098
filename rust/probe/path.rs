// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Paths of the files that the probed code has to do with.

use kernel::prelude::*;

use super::context::Context;
use crate::{
    bindings,
    machine::{
        path::{self, Source},
        Path,
    },
    types::KernelAddress,
};

/// Fails to compile where it is not known where things are mounted. `T` makes that happen in the module that asks.
pub(super) struct KnowsMounts<T>(T);

impl<T> KnowsMounts<T> {
    pub(super) const CHECK: () = assert!(
        bindings::RPROBES_KNOWS_MOUNTS != 0,
        "full paths need the BTF of the kernel, and this one was built without (CONFIG_DEBUG_INFO_BTF)"
    );
}

/// # Paths
///
/// What `d_path()` says, without its locks: the probed code may be what renames something, or mounts it. If that happens
/// meanwhile, the path may be neither the former nor the later one. Written to the end of a buffer; one that is too long
/// loses its front. Atomic context.
///
/// A file that is deleted has ` (deleted)` behind its path; what is in no directory is called `pipe:[123]`,
/// `socket:[123]`, `anon_inode:[eventpoll]`, or `/memfd:name (deleted)`.
///
/// Errors: [`EFAULT`] if the address, or what is found there, does not lead to a path. If the handler implements
/// `fault`, that is called first.
impl<Phase, F> Context<'_, Phase, F> {
    /// The path of a `struct path`, by its address, as the current task sees it: from its root on, which `chroot` may have
    /// changed; or from that of its mount namespace if the file is not below.
    ///
    /// Does not compile for a kernel without BTF, where it is not known what is mounted where.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::prelude::*;
    /// use rprobes::kprobe::PreContext;
    ///
    /// /// At the entry of `vfs_open(const struct path *path, struct file *file)`.
    /// fn opened(cx: &PreContext<'_>) {
    ///     if let Ok(path) = cx.path(cx.regs().arg(0), &mut [0; 256]) {
    ///         pr_info!("{} opens {}\n", cx.comm(), path);
    ///     }
    /// }
    /// ```
    #[doc(alias = "d_path")]
    pub fn path<'b>(&self, address: impl KernelAddress, buffer: &'b mut [u8]) -> Result<Path<'b>> {
        const { KnowsMounts::<Phase>::CHECK };
        self.path_of(Source::Path(address.address()), buffer)
    }

    /// As [`path`](Self::path), of a `struct file`: of an open file.
    #[doc(alias = "d_path")]
    pub fn file_path<'b>(
        &self,
        address: impl KernelAddress,
        buffer: &'b mut [u8],
    ) -> Result<Path<'b>> {
        const { KnowsMounts::<Phase>::CHECK };
        self.path_of(Source::File(address.address()), buffer)
    }

    /// The path of a `struct dentry` from the root of its file system on, wherever that is mounted.
    #[doc(alias = "dentry_path_raw")]
    pub fn dentry_path<'b>(
        &self,
        address: impl KernelAddress,
        buffer: &'b mut [u8],
    ) -> Result<Path<'b>> {
        self.path_of(Source::Dentry(address.address()), buffer)
    }

    fn path_of<'b>(&self, source: Source, buffer: &'b mut [u8]) -> Result<Path<'b>> {
        path::path(source, buffer).inspect_err(|_| self.faulted(source.address()))
    }
}
