// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Whether a trace array is recording, without asking a function.

use core::{cell::UnsafeCell, ptr::NonNull};

use crate::bindings::{self, trace_array};

/// Whether it is known where to look: from the kernel's types (BTF), if it was built with them.
pub(super) const IS_KNOWN: bool = bindings::RPROBES_KNOWS_TRACE_ARRAYS != 0;

/// Where the kernel's own trace array is, if that is known. It is read whenever a line is printed: the kernel crate's atomics
/// call a function for that.
struct Top(UnsafeCell<Option<NonNull<trace_array>>>);

// SAFETY: It is written before any code of the module's author runs, and not any more later.
unsafe impl Sync for Top {}

static TOP: Top = Top(UnsafeCell::new(None));

/// Finds out where the kernel's own trace array is. Process context.
///
/// # Safety
///
/// To be called once, as the module is loaded, before anything can print.
pub(crate) unsafe fn prepare() {
    if IS_KNOWN {
        // SAFETY: Process context; nobody reads it yet.
        unsafe { *TOP.0.get() = NonNull::new(bindings::rprobes_trace_top()) };
    }
}

/// The buffer of a trace array, or null if that is not known.
///
/// # Safety
///
/// The array must be alive.
#[inline(always)]
pub(super) unsafe fn buffer(array: NonNull<trace_array>) -> *mut bindings::trace_buffer {
    if !IS_KNOWN {
        return core::ptr::null_mut();
    }
    // SAFETY: By the kernel's types there is such a pointer, in front of all that depends on its configuration. A snapshot may swap it for that of another buffer; both
    // stay as long as the array.
    unsafe {
        array
            .byte_add(bindings::RPROBES_TRACE_BUFFER as usize)
            .cast::<*mut bindings::trace_buffer>()
            .read_volatile()
    }
}

/// Whether a trace array is recording, or it is not known whether. Any context.
///
/// # Safety
///
/// The array must be alive.
#[inline(always)]
pub(super) unsafe fn may_record(array: NonNull<trace_array>) -> bool {
    if !IS_KNOWN {
        return true;
    }
    // SAFETY: The caller promises that it is alive, and then it has a buffer. By the kernel's types the counter is there, by
    // which the kernel itself tells whether to drop an entry.
    let disabled = unsafe {
        buffer(array)
            .byte_add(bindings::RPROBES_TRACE_DISABLED as usize)
            .cast::<u32>()
            .read_volatile()
    };
    disabled == 0
}

/// Whether what `trace_printk!` writes may be recorded. Any context.
#[inline(always)]
pub(super) fn top_may_record() -> bool {
    // SAFETY: Nobody writes it any more.
    let Some(top) = (unsafe { *TOP.0.get() }) else {
        return true;
    };
    // SAFETY: The kernel's own is never freed.
    if unsafe { may_record(top) } {
        return true;
    }
    let bit = bindings::RPROBES_TRACE_DESTINATION_BIT as u8;
    if bit == 0 {
        return false;
    }
    // SAFETY: By the kernel's types it is there, and the kernel's own trace array is never freed.
    let flags = unsafe {
        top.byte_add(bindings::RPROBES_TRACE_DESTINATION as usize)
            .cast::<u8>()
            .read_volatile()
    };
    // If not, it goes to an instance, which has a buffer of its own.
    flags & bit == 0
}
