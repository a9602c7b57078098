// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The kernel has the address of a registered probe's handler.
// error: cannot move out of dereference of `core::pin::Pin<Box<
// error: cannot borrow data in dereference of `core::pin::Pin<Box<

use kernel::prelude::*;
use rprobes::kprobe::{self, Kprobe};

struct Nothing;

#[vtable]
impl kprobe::Handler for Nothing {}

fn move_out(probe: Pin<KBox<Kprobe<Nothing>>>) -> Kprobe<Nothing> {
    *probe
}

fn swap(mut one: Pin<KBox<Kprobe<Nothing>>>, mut other: Pin<KBox<Kprobe<Nothing>>>) {
    core::mem::swap(&mut *one, &mut *other);
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        Ok(Self)
    }
}
