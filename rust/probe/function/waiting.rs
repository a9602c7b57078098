// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Waiting for calls that return through a trampoline; [`direct`](crate::machine::direct) says why that is enough.

use core::ffi::CStr;

use kernel::str::CStrExt;

use crate::{bindings, machine::direct::Trampoline, place::Symbol};

/// How often to say what is waited for, in milliseconds, after the first second.
const SAY_AGAIN: u32 = 60_000;

/// Returns when no call will return through the trampoline any more. Process context.
///
/// # Safety
///
/// Nothing calls the trampoline any more, and who was on the way through it has arrived.
pub(super) unsafe fn wait_for_calls(trampoline: &Trampoline, function: usize) {
    let mut calls = bindings::rprobes_calls {
        id: trampoline.id(),
        mark: trampoline.mark,
        ..Default::default()
    };
    let (mut waited, mut step, mut say_at) = (0, 1, 1000);
    loop {
        // SAFETY: Process context.
        unsafe { bindings::rprobes_calls_find(&mut calls) };
        if calls.calls == 0 {
            break;
        }
        if calls.own && waited == 0 {
            log!(
                ERR,
                "the probe at {} is dropped in a call of that function, for whose end it waits: that does not end; probe what it calls, \
                 or by a kprobe\n",
                Symbol(function)
            );
        }
        if waited >= say_at {
            say_at += SAY_AGAIN;
            // SAFETY: It is NUL-terminated.
            let comm = unsafe { CStr::from_char_ptr(calls.comm.as_ptr()) };
            log!(
                WARNING,
                "waiting for {} calls of {} to return, such as by {} ({}): the probe goes when they have\n",
                calls.calls,
                Symbol(function),
                comm,
                calls.pid
            );
        }
        // SAFETY: Process context.
        unsafe { bindings::rprobes_calls_wait(step) };
        waited += step;
        step = (step * 2).min(100);
    }
    // SAFETY: Process context.
    unsafe { bindings::rprobes_calls_done() };
}
