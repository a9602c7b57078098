// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Tracepoints by their names.
//!
//! C header: [`include/linux/tracepoint.h`](srctree/include/linux/tracepoint.h)

use core::ptr::NonNull;

use kernel::{
    ffi::c_char,
    prelude::*,
    str::{BStr, CStr, CStrExt},
};

use super::{module::Pin, names::Near};
use crate::{bindings, errno::Errno};

/// A tracepoint, which is there as long as this is.
pub(crate) struct Found {
    /// C: `struct tracepoint`.
    pub(crate) tracepoint: NonNull<c_void>,
    /// Keeps the module that it is in.
    pub(crate) pin: Option<Pin>,
}

/// The tracepoint of this name, or of this `module:name`. Process context.
///
/// # Errors
///
/// [`ENOMEM`].
pub(crate) fn find(full: &[u8]) -> Result<Option<Found>> {
    let (module, name) = split(full);
    let pin = match module.map(|module| Pin::new(module, 0)) {
        None => None,
        Some(Ok(pin)) => Some(pin),
        Some(Err(ENOENT)) => return Ok(None),
        Some(Err(error)) => return Err(error),
    };
    let mut tracepoint = None;
    each(pin.as_ref(), |other, at| {
        if other == name {
            tracepoint = NonNull::new(at);
        }
    });
    Ok(tracepoint.map(|tracepoint| Found { tracepoint, pin }))
}

/// Says why there is none of this name. Process context.
pub(crate) fn explain_absence(full: &[u8]) {
    let (module, name) = split(full);
    let pin = match module.map(|module| Pin::new(module, 0)) {
        Some(Err(_)) => return explain_module(full, name),
        pin => pin.and_then(Result::ok),
    };
    let mut near = Near::default();
    each(pin.as_ref(), |other, _| near.consider(name, other));
    let whose = match module {
        None => "it is misspelt, or in a module: then write module:tracepoint",
        Some(_) => "the module has none of this name",
    };
    log!(
        ERR,
        "no tracepoint {}: {}{} ({})\n",
        BStr::from_bytes(full),
        whose,
        near,
        Errno(ENOENT)
    );
}

/// The module is not there, or what was taken for one is the group of an event.
fn explain_module(full: &[u8], name: &[u8]) {
    let mut is_kernels = false;
    each(None, |other, _| is_kernels |= other == name);
    let text = BStr::from_bytes(full);
    let module = BStr::from_bytes(split(full).0.unwrap_or_default());
    if is_kernels {
        log!(
            ERR,
            "no tracepoint {}: no module {} is loaded, but the kernel itself has the tracepoint {}: write that alone, without \
             the group of its event ({})\n",
            text,
            module,
            BStr::from_bytes(name),
            Errno(ENOENT)
        );
    } else {
        log!(
            ERR,
            "no tracepoint {}: the module {} is not loaded: load it first ({})\n",
            text,
            module,
            Errno(ENOENT)
        );
    }
}

/// The module, if there is one, and the name.
fn split(full: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match full.iter().position(|&c| c == b':') {
        Some(colon) => (Some(&full[..colon]), &full[colon + 1..]),
        None => (None, full),
    }
}

/// Calls `visit` with the name and the address of each tracepoint of a module, or of the kernel itself. Process context.
fn each<V: FnMut(&[u8], *mut c_void)>(module: Option<&Pin>, mut visit: V) {
    /// # Safety
    ///
    /// `data` must be a `V` that nobody else uses, and `name` be NUL-terminated.
    unsafe extern "C" fn one<V: FnMut(&[u8], *mut c_void)>(
        data: *mut c_void,
        name: *const c_char,
        tracepoint: *mut c_void,
    ) {
        // SAFETY: The caller promises that.
        let (visit, name) = unsafe { (&mut *data.cast::<V>(), CStr::from_char_ptr(name)) };
        visit(name.to_bytes(), tracepoint);
    }

    let data = (&raw mut visit).cast();
    // SAFETY: The callback gets `visit`, which lives during the call, and names of tracepoints are NUL-terminated. The module
    // is kept.
    unsafe {
        match module {
            None => bindings::rprobes_tracepoint_each(Some(one::<V>), data),
            Some(pin) => bindings::rprobes_tracepoint_each_of(pin.as_ptr(), Some(one::<V>), data),
        }
    }
}
