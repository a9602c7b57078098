// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What bindgen made of [`include/rprobes.h`], on top of the kernel crate's bindings.
//!
//! Only what the kernel crate lacks is generated; every other type, such as `pt_regs`, is the kernel crate's.
//! `CONFIG_KPROBES` and its kin decide the layout of these types, so nothing here is written by hand.

#![allow(
    clippy::all,
    clippy::as_underscore,
    clippy::cast_lossless,
    clippy::ptr_as_ptr,
    clippy::ref_as_ptr,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    unsafe_op_in_unsafe_fn,
    unreachable_pub
)]

pub(crate) use kernel::bindings::*;
use kernel::ffi;

include!(env!("RPROBES_BINDINGS"));
