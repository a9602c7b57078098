// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! An event has what the kernel has words for.
// error: event_with_a_field_that_the_kernel_has_not.rs:8:36: error: field `ratio`: an event has no `f64`; it can have i8 to i64, u8 to u64,

rprobes::event! {
    struct Read { pid: i32, ratio: f64 }
}
