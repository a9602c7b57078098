// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Functions, arguments, members and results by their names in C.

use kernel::{prelude::*, str::BStr};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    kretprobe::{self, Kretprobe, RetContext},
    read_str,
};

rprobes::module! {
    type: Types,
    name: "types",
    authors: ["The rprobes authors"],
    description: "Names of the kernel's own types",
    license: "GPL",
}

rprobes::kernel_types! {
    fn vfs_read;
    fn vfs_rmdir;
}

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let args = cx.args();
        let mut name = [0; 64];
        if let Ok(name) = read_str!(cx, args.file() => f_path.dentry => d_name.name, &mut name) {
            pr_info!("{} bytes of {}\n", args.count(), BStr::from_bytes(name));
        }
    }
}

#[vtable]
impl kretprobe::Handler<vfs_rmdir> for Show {
    type Data = ();
    fn ret(&self, cx: &RetContext<'_, vfs_rmdir>, _data: &()) {
        pr_info!("vfs_rmdir returned {}\n", cx.return_value());
    }
}

#[pin_data]
struct Types {
    #[pin]
    read: Kprobe<Show, vfs_read>,
    #[pin]
    rmdir: Kretprobe<Show, vfs_rmdir>,
}

impl kernel::InPlaceModule for Types {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            read <- Kprobe::new(vfs_read::TARGET, Show),
            rmdir <- Kretprobe::new(vfs_rmdir::TARGET, Show),
        })
    }
}
