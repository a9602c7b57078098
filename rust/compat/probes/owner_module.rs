// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors
// Since Linux 7.3: what implements a trait with vtable names its module
#![no_std]
use kernel::prelude::*;

#[vtable]
pub trait Probe {}

pub fn probe<T: Probe>() -> Option<T::OwnerModule> {
    None
}
