// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! An architecture without trampolines: what is here is never used.

use kernel::bindings::pt_regs;

use super::trampoline::{Calls, Replaces, Trampolines, Words};

pub(crate) const SUPPORTED: bool = false;

#[repr(C)]
pub(crate) struct Frame {
    pub(crate) regs: pt_regs,
}

pub(crate) fn trampolines<C: Calls>() -> Trampolines {
    unreachable!()
}

/// # Safety
///
/// `frame` must be that of a call.
pub(crate) unsafe fn data(frame: *mut Frame) -> *mut u8 {
    frame.wrapping_add(1).cast()
}

/// # Safety
///
/// `frame` must be a frame for `C`.
pub(crate) unsafe fn complete<C: Calls>(_frame: *mut Frame, _returned: bool) {}

pub(crate) fn replacements<R: Replaces>() -> Trampolines {
    unreachable!()
}

/// # Safety
///
/// `frame` must be that of a hook.
pub(crate) unsafe fn call_body(_frame: *mut Frame) -> Words {
    Words(0, 0)
}

/// # Safety
///
/// `regs` must be in the frame of a hook.
pub(crate) unsafe fn complete_replaced(_regs: *mut pt_regs) {}
