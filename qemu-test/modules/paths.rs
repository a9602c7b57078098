// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Says the paths of files that `path-NAME` is written to, of files of such names that are opened and removed, and of
//! addresses where there are none.

use kernel::{prelude::*, str::BStr};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    Context, FaultContext, Path, Target,
};

rprobes::module! {
    type: Paths,
    name: "paths",
    authors: ["The rprobes authors"],
    description: "Says paths of files",
    license: "GPL",
}

/// Whether the last component is that of a test.
fn is_meant(path: &Path<'_>) -> bool {
    path.bytes()
        .rsplit(|&c| c == b'/')
        .next()
        .is_some_and(|name| name.starts_with(b"path-"))
}

/// `vfs_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)`
struct Writes;

#[vtable]
impl kprobe::Handler for Writes {
    fn pre(&self, cx: &PreContext<'_>) {
        let mut buffer = [0; 32];
        let len = cx.regs().arg(2).min(buffer.len());
        let Ok(text) = cx.read_user_str(cx.regs().arg(1), &mut buffer[..len]) else {
            return;
        };
        let Some(name) = text.trim_ascii_end().strip_prefix(b"path-") else {
            return;
        };
        let name = BStr::from_bytes(name);
        let file = cx.regs().arg(0);
        match cx.file_path(file, &mut [0; 256]) {
            Ok(path) => pr_info!("{}: file {}\n", name, path),
            Err(error) => pr_info!("{}: no file {:?}\n", name, error),
        }
        if text.starts_with(b"path-cut") {
            // Of each length, so that it is cut everywhere.
            let mut buffer = [0; 32];
            for len in 0..=buffer.len() {
                if let Ok(path) = cx.file_path(file, &mut buffer[..len]) {
                    pr_info!("in {}: {} {}\n", len, path.is_cut(), path);
                }
            }
        }
        match cx.task().exe(&mut [0; 256]) {
            Ok(path) => pr_info!("{}: exe {}\n", name, path),
            Err(error) => pr_info!("{}: no exe {:?}\n", name, error),
        }
        if let Some(number) = cx.task().mount_namespace() {
            pr_info!("{}: namespace mnt:[{}]\n", name, number);
        }
    }
}

/// `vfs_open(const struct path *path, struct file *file)`
struct Opens;

#[vtable]
impl kprobe::Handler for Opens {
    fn pre(&self, cx: &PreContext<'_>) {
        if let Ok(path) = cx.path(cx.regs().arg(0), &mut [0; 256]) {
            if is_meant(&path) {
                pr_info!("open {}\n", path);
            }
        }
    }
}

/// `vfs_unlink(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, …)`
struct Unlinks;

#[vtable]
impl kprobe::Handler for Unlinks {
    fn pre(&self, cx: &PreContext<'_>) {
        let mut buffer = [0; 1024];
        let Ok(path) = cx.dentry_path(cx.regs().arg(2), &mut buffer) else {
            return;
        };
        if is_meant(&path) {
            pr_info!("unlink, {} bytes, {}\n", path.bytes().len(), path.is_cut());
            if path.bytes().len() < 256 {
                pr_info!("unlink {}\n", path);
            }
        }
    }
}

extern "C" {
    fn rprobes_paths_files() -> c_int;
}

/// `rprobes_paths_compare(struct file *file, const char *wanted)`
struct Compares;

#[vtable]
impl kprobe::Handler for Compares {
    fn pre(&self, cx: &PreContext<'_>) {
        let (mut wanted, mut found) = ([0; 128], [0; 128]);
        let wanted = cx.read_str(cx.regs().arg(1), &mut wanted);
        let found = cx.file_path(cx.regs().arg(0), &mut found);
        match (wanted, found) {
            (Ok(wanted), Ok(found)) => {
                let same = found.bytes() == wanted;
                pr_info!("as the kernel {}: {}\n", same, BStr::from_bytes(wanted));
            }
            (_, found) => pr_info!("not as the kernel: {:?}\n", found),
        }
    }
}

/// What is no file.
static ZEROS: [u8; 1024] = [0; 1024];
static TEXT: [u8; 1024] = [b'x'; 1024];

#[inline(never)]
#[no_mangle]
extern "C" fn rprobes_paths_target(address: usize) -> usize {
    core::hint::black_box(address)
}

struct Garbage;

impl Garbage {
    fn errors<Phase>(cx: &Context<'_, Phase>, address: usize) -> [Option<Error>; 3] {
        let mut buffer = [0; 64];
        [
            cx.path(address, &mut buffer).err(),
            cx.file_path(address, &mut buffer).err(),
            cx.dentry_path(address, &mut buffer).err(),
        ]
    }
}

#[vtable]
impl kprobe::Handler for Garbage {
    fn pre(&self, cx: &PreContext<'_>) {
        let address = cx.regs().arg(0);
        let errors = Self::errors(cx, address);
        if errors.iter().all(|error| *error == Some(EFAULT)) {
            pr_info!("garbage: an error\n");
        } else {
            pr_info!("garbage: at {:#x} {:?}\n", address, errors);
        }
    }

    fn fault(&self, _cx: &FaultContext<'_>) {
        pr_info!("garbage: a fault\n");
    }
}

struct Paths {
    _writes: Pin<KBox<Kprobe<Writes>>>,
    _opens: Pin<KBox<Kprobe<Opens>>>,
    _unlinks: Pin<KBox<Kprobe<Unlinks>>>,
}

impl kernel::Module for Paths {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let garbage = KBox::pin_init(
            Kprobe::new(Target::symbol(c"rprobes_paths_target"), Garbage),
            GFP_KERNEL,
        )?;
        for address in [
            0,
            1,
            usize::MAX,
            isize::MIN as usize,
            4096,
            (&raw const ZEROS).addr(),
            (&raw const TEXT).addr(),
            rprobes_paths_target as *const () as usize,
        ] {
            core::hint::black_box(rprobes_paths_target as extern "C" fn(usize) -> usize)(address);
        }
        drop(garbage);
        let compares = KBox::pin_init(
            Kprobe::new(Target::symbol(c"rprobes_paths_compare"), Compares),
            GFP_KERNEL,
        )?;
        // SAFETY: It may be called where one may sleep.
        kernel::error::to_result(unsafe { rprobes_paths_files() })?;
        drop(compares);
        Ok(Self {
            _writes: KBox::pin_init(
                Kprobe::new(Target::symbol(c"vfs_write"), Writes),
                GFP_KERNEL,
            )?,
            _opens: KBox::pin_init(Kprobe::new(Target::symbol(c"vfs_open"), Opens), GFP_KERNEL)?,
            _unlinks: KBox::pin_init(
                Kprobe::new(Target::symbol(c"vfs_unlink"), Unlinks),
                GFP_KERNEL,
            )?,
        })
    }
}
