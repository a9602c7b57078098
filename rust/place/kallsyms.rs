// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Addresses of kernel names, through the kernel's own lookups.
//!
//! C header: [`include/linux/kallsyms.h`](srctree/include/linux/kallsyms.h)

use core::ffi::CStr;

use kernel::{error::to_result, prelude::*, str::CStrExt};

use crate::bindings;

/// The addresses of all symbols called `name`: in `module`; or in the kernel, or, if there is none, in any module.
///
/// In the order of the symbol table, from which livepatch counts its positions, too. Process context.
///
/// # Errors
///
/// `EOPNOTSUPP` if this kernel does not have the lookups, and [`ENOMEM`].
pub(crate) fn addresses(name: &CStr, module: Option<&CStr>) -> Result<KVec<usize>> {
    struct Found {
        addresses: KVec<usize>,
        pushed: Result,
    }

    /// # Safety
    ///
    /// `data` must be a `Found` that nobody else uses.
    unsafe extern "C" fn found(data: *mut c_void, address: usize) {
        // SAFETY: The caller promises that.
        let found = unsafe { &mut *data.cast::<Found>() };
        if found.pushed.is_ok() {
            found.pushed = found
                .addresses
                .push(address, GFP_KERNEL)
                .map_err(Into::into);
        }
    }

    let mut all = Found {
        addresses: KVec::new(),
        pushed: Ok(()),
    };
    let module = module.map_or(core::ptr::null(), CStrExt::as_char_ptr);
    // SAFETY: The names are NUL-terminated, and the callback gets the `Found`, which lives during the call.
    to_result(unsafe {
        bindings::rprobes_kallsyms_find(
            name.as_char_ptr(),
            module,
            Some(found),
            (&raw mut all).cast(),
        )
    })?;
    all.pushed?;
    Ok(all.addresses)
}

/// Calls `visit` with the name and the address of each symbol of the kernel, until it returns false. Process context.
///
/// # Errors
///
/// `EOPNOTSUPP` if this kernel does not have the lookups.
pub(crate) fn each<F: FnMut(&[u8], usize) -> bool>(mut visit: F) -> Result {
    each_of(None, None, |name, address| visit(name.to_bytes(), address))
}

/// As [`each`], for symbols of `module`, if there is one, and that are like `pattern`.
pub(crate) fn each_matching<F: FnMut(&CStr, usize) -> bool>(
    pattern: &CStr,
    module: Option<&CStr>,
    visit: F,
) -> Result {
    each_of(Some(pattern), module, visit)
}

fn each_of<F: FnMut(&CStr, usize) -> bool>(
    pattern: Option<&CStr>,
    module: Option<&CStr>,
    mut visit: F,
) -> Result {
    /// # Safety
    ///
    /// `data` must be an `F` that nobody else uses, and `name` NUL-terminated.
    unsafe extern "C" fn call<F: FnMut(&CStr, usize) -> bool>(
        data: *mut c_void,
        name: *const c_char,
        address: usize,
    ) -> bool {
        // SAFETY: The caller promises that.
        let (visit, name) = unsafe { (&mut *data.cast::<F>(), CStr::from_char_ptr(name)) };
        visit(name, address)
    }
    let pointer = |text: Option<&CStr>| text.map_or(core::ptr::null(), CStrExt::as_char_ptr);
    // SAFETY: The texts are NUL-terminated, and the callback gets `visit`, which lives during the call.
    to_result(unsafe {
        bindings::rprobes_kallsyms_each(
            pointer(pattern),
            pointer(module),
            Some(call::<F>),
            (&raw mut visit).cast(),
        )
    })
}

/// Whether a name is like `pattern`. Any context.
pub(crate) fn matches(pattern: &CStr, name: &CStr) -> bool {
    // SAFETY: Both are NUL-terminated.
    unsafe { bindings::rprobes_glob(pattern.as_char_ptr(), name.as_char_ptr()) }
}
