// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What kinds of probes that are built on a `struct kprobe` have in common.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use kernel::{error::to_result, prelude::*, str::CStrExt};

use super::stats::{Mechanism, Stats};
use crate::{
    bindings::{self, kprobe},
    machine::arch::{self, Planted},
    place::Location,
};

/// Fills in where the probe is to be. A failed registration writes to these fields, so they are all set each time.
///
/// # Safety
///
/// `kp` must be valid and not be registered. The kernel looks at `location` while it is being registered.
pub(crate) unsafe fn locate(kp: *mut kprobe, location: &Location) {
    // SAFETY: Nobody else knows it, says the caller.
    unsafe {
        (*kp).symbol_name = location
            .name
            .as_deref()
            .map_or(core::ptr::null(), CStrExt::as_char_ptr);
        (*kp).addr = location.start as *mut bindings::kprobe_opcode_t;
        (*kp).offset = location.offset as c_uint;
        (*kp).flags = bindings::KPROBE_FLAG_DISABLED;
    }
}

/// The address of a probe that was just registered; forgets its name, which goes away.
///
/// # Safety
///
/// `kp` must be registered, and disabled.
pub(crate) unsafe fn address(kp: *mut kprobe) -> usize {
    // SAFETY: The name is used during registration only, and nobody else writes to these fields.
    unsafe {
        (*kp).symbol_name = core::ptr::null();
        (*kp).addr as usize
    }
}

/// # Safety
///
/// `kp` must be or have been registered.
pub(crate) unsafe fn flags(kp: *mut kprobe) -> u32 {
    // SAFETY: It is an integer in live memory, which the kernel changes under its own lock.
    unsafe { (&raw const (*kp).flags).read_volatile() }
}

/// Arms it, and looks whether it is armed.
///
/// # Safety
///
/// `kp` must be or have been registered.
pub(crate) unsafe fn arm(kp: *mut kprobe) -> Result<bool> {
    // SAFETY: The kernel looks for it in its tables.
    to_result(unsafe { bindings::enable_kprobe(kp) })?;
    // SAFETY: The caller promises the same.
    let flags = unsafe { flags(kp) };
    // SAFETY: It is a pointer in live memory, which the kernel writes as it registers a probe, or fails to unregister one.
    let address = unsafe { (&raw const (*kp).addr).read_volatile() } as usize;
    let armed =
        flags & bindings::KPROBE_FLAG_FTRACE != 0 || arch::planted(address) != Planted::Nothing;
    Ok(armed && flags & bindings::KPROBE_FLAG_DISABLED == 0)
}

/// # Safety
///
/// `kp` must be or have been registered.
pub(crate) unsafe fn disarm(kp: *mut kprobe) -> Result {
    // SAFETY: The kernel looks for it in its tables.
    to_result(unsafe { bindings::disable_kprobe(kp) })
}

/// The state of the probe; the kernel changes it at any time, so each field is true for a moment only.
///
/// # Safety
///
/// `kp` must be or have been registered.
pub(crate) unsafe fn stats(kp: *mut kprobe, address: usize) -> Stats {
    // SAFETY: The caller promises the same.
    let flags = unsafe { flags(kp) };
    // SAFETY: It is an integer in live memory. The kernel counts without a lock.
    let missed = unsafe { (&raw const (*kp).nmissed).read_volatile() };
    let gone = flags & bindings::KPROBE_FLAG_GONE != 0;
    let disabled = flags & bindings::KPROBE_FLAG_DISABLED != 0;
    Stats {
        missed,
        exhausted: 0,
        not_followed: 0,
        mechanism: Mechanism::Kprobe,
        optimised: !gone && !disabled && arch::planted(address) == Planted::Jump,
        on_ftrace: flags & bindings::KPROBE_FLAG_FTRACE != 0,
        gone,
        disabled,
    }
}
