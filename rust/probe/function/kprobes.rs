// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Kprobes and kretprobes at the entries of functions, where ftrace does not do.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use kernel::{error::to_result, prelude::*};

use core::ffi::c_void;

use super::super::struct_kprobe;
use crate::{
    bindings::{self, kprobe, kretprobe},
    place::Location,
};

/// A kprobe or a kretprobe of a probe on functions.
#[repr(C)]
pub(super) struct Member {
    /// First, as callbacks find it. Begins with the `struct kprobe`.
    raw: kretprobe,
    /// What the callbacks look for.
    pub(super) state: *mut c_void,
    function: usize,
    /// What the function is found by in the table.
    pub(super) key: usize,
}

/// Kprobes, or kretprobes, that are registered.
///
/// # Invariants
///
/// All members are registered, and none is moved.
pub(super) struct Kprobes {
    members: KVVec<Member>,
    are_returns: bool,
}

impl Kprobes {
    /// Registers one at each function, disabled. `refused` says of each that is refused whether to go on without.
    ///
    /// # Safety
    ///
    /// `state` must be what the callbacks of `prepared` expect, and stay until these are
    /// [unregistered](Self::unregister).
    pub(super) unsafe fn register(
        state: *mut c_void,
        prepared: impl Fn() -> kretprobe,
        are_returns: bool,
        functions: &[usize],
        keys: &[usize],
        mut refused: impl FnMut(Error, usize) -> Result,
    ) -> Result<Self> {
        // INVARIANT: There are none, and there is room for all.
        let mut this = Self {
            members: KVVec::with_capacity(functions.len(), GFP_KERNEL)?,
            are_returns,
        };
        for (&function, &key) in functions.iter().zip(keys) {
            let member = Member {
                raw: prepared(),
                state,
                function,
                key,
            };
            this.members.push(member, GFP_KERNEL)?;
            let Some(member) = this.members.last_mut() else {
                break;
            };
            let raw = &raw mut member.raw;
            let location = Location {
                name: None,
                start: function,
                offset: 0,
                in_module: false,
            };
            // SAFETY: It is not registered, is filled in, and stays where it is, as there is room for all.
            let result = to_result(unsafe {
                struct_kprobe::locate(raw.cast(), &location);
                if are_returns {
                    bindings::register_kretprobe(raw)
                } else {
                    bindings::register_kprobe(raw.cast())
                }
            });
            if let Err(error) = result {
                // INVARIANT: It is not registered.
                this.members.pop();
                if let Err(error) = refused(error, function) {
                    this.unregister();
                    return Err(error);
                }
            }
        }
        Ok(this)
    }

    /// The functions that they are at.
    pub(super) fn functions(&self) -> impl Iterator<Item = usize> + '_ {
        self.members.iter().map(|member| member.function)
    }

    fn raws(&self) -> impl Iterator<Item = *mut kprobe> + '_ {
        self.members
            .iter()
            .map(|member| (&raw const member.raw).cast_mut().cast())
    }

    /// Returns whether all are armed; else none is.
    pub(super) fn arm(&self) -> Result<bool> {
        let mut all = true;
        for raw in self.raws() {
            // SAFETY: It is registered.
            all &= unsafe { struct_kprobe::arm(raw) }.inspect_err(|_| {
                let _ = self.disarm();
            })?;
        }
        if !all {
            let _ = self.disarm();
        }
        Ok(all)
    }

    pub(super) fn disarm(&self) -> Result {
        self.raws()
            // SAFETY: It is registered.
            .try_for_each(|raw| unsafe { struct_kprobe::disarm(raw) })
    }

    /// What they have missed, and how many calls were not followed.
    pub(super) fn missed(&self) -> (usize, usize) {
        self.members
            .iter()
            .fold((0, 0), |(missed, exhausted), member| {
                // SAFETY: They are integers in live memory, which the kernel counts without a lock.
                unsafe {
                    (
                        missed + (&raw const member.raw.kp.nmissed).read_volatile(),
                        exhausted + (&raw const member.raw.nmissed).read_volatile() as usize,
                    )
                }
            })
    }

    /// For the last time. Statistics can be read still.
    pub(super) fn unregister(&self) {
        let mut pointers = KVVec::new();
        for raw in self.raws() {
            // SAFETY: It is registered.
            unsafe { bindings::rprobes_kprobe_disable(raw) };
            // Without memory, one grace period each.
            if pointers.push(raw, GFP_KERNEL).is_err() {
                // SAFETY: They are registered.
                unsafe { self.unregister_at(&mut [raw]) };
            }
        }
        // SAFETY: These are registered.
        unsafe { self.unregister_at(&mut pointers) };
    }

    /// # Safety
    ///
    /// They must be members that are registered.
    unsafe fn unregister_at(&self, raws: &mut [*mut kprobe]) {
        if raws.is_empty() {
            return;
        }
        // SAFETY: The caller promises that.
        unsafe {
            if self.are_returns {
                bindings::unregister_kretprobes(raws.as_mut_ptr().cast(), raws.len() as c_int);
            } else {
                bindings::unregister_kprobes(raws.as_mut_ptr(), raws.len() as c_int);
            }
        }
    }
}
