// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is not seen by the program that makes the C of events does not link, and never calls what was made of another struct.
// does not link: rprobes_event.Read.i64.u8x8

use kernel::prelude::*;
use rprobes::event as another;

rprobes::event! {
    struct Read { pid: i32 }
}

mod inner {
    super::another! {
        pub struct Read { bytes: i64, text: [u8; 8] }
    }
}

pub fn read() {
    rprobes::trace!(inner::Read {
        bytes: 1,
        text: *b"12345678"
    });
}

rprobes::module! { type: Case, name: "case", license: "GPL" }
struct Case;
impl kernel::Module for Case {
    fn init(_: &'static ThisModule) -> Result<Self> {
        read();
        Ok(Self)
    }
}
