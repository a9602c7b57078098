// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Modules that must stay while something of theirs is probed.
//!
//! C header: [`include/linux/module.h`](srctree/include/linux/module.h)

use kernel::{
    error::to_result,
    prelude::*,
    str::{BStr, CStrExt, CString},
};

use crate::bindings;

/// Keeps a module loaded, until it is dropped.
///
/// # Invariants
///
/// `module` is referred to by this, or is null: the module that this code is in.
pub(crate) struct Pin {
    name: CString,
    module: *mut c_void,
}

// SAFETY: A reference to a module may be given up anywhere.
unsafe impl Send for Pin {}
// SAFETY: Nothing is done with it while it is shared.
unsafe impl Sync for Pin {}

impl Pin {
    /// Keeps the module of a function; of one that is not known yet, 0. Process context.
    ///
    /// # Errors
    ///
    /// [`ENOENT`] if there is no such module, or it is coming or going, or the function does not stay as long as it does; [`ENOMEM`].
    pub(crate) fn new(name: &[u8], function: usize) -> Result<Self> {
        let name = CString::try_from_fmt(fmt!("{}", BStr::from_bytes(name)))?;
        let mut module = core::ptr::null_mut();
        // SAFETY: The name is NUL-terminated.
        to_result(unsafe {
            bindings::rprobes_module_get(name.as_char_ptr(), function, &raw mut module)
        })?;
        // INVARIANT: It was referred to just now.
        Ok(Self { name, module })
    }

    /// The module; null if it is the one that this code is in.
    pub(super) fn as_ptr(&self) -> *mut c_void {
        self.module
    }

    pub(crate) fn is_of(&self, name: &[u8]) -> bool {
        self.name.to_bytes() == name
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { bindings::rprobes_module_put(self.module) }
    }
}
