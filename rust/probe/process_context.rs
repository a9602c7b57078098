// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Refusing what must not be done in a handler.

use kernel::{fmt::Display, prelude::*};

use crate::{bindings, errno::error};

/// Refuses to go on where making a probe would sleep: to allocate, or to register.
pub(crate) fn check_may_register(target: &impl Display) -> Result {
    // SAFETY: May be called at any time.
    if unsafe { bindings::rprobes_may_sleep() } {
        return Ok(());
    }
    log!(
        ERR,
        "no probe at {}: probes are registered in process context, not in a handler\n",
        target
    );
    Err(error(kernel::bindings::EDEADLK))
}

/// Refuses to go on where arming or disarming a probe would sleep.
pub(crate) fn check_may_sleep() -> Result {
    // SAFETY: May be called at any time.
    if unsafe { bindings::rprobes_may_sleep() } {
        return Ok(());
    }
    Err(error(kernel::bindings::EDEADLK))
}

/// Stops the machine rather than free a probe under its running handler.
pub(crate) fn check_may_drop() {
    // SAFETY: May be called at any time.
    if !unsafe { bindings::rprobes_may_sleep() } {
        // SAFETY: This never returns.
        unsafe { bindings::rprobes_dropped_in_handler() };
    }
}
