// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What trampolines of all architectures have in common.

use core::{
    ffi::c_void,
    sync::atomic::{
        AtomicPtr, AtomicUsize,
        Ordering::{AcqRel, Relaxed, Release},
    },
};

/// How many probes with the same type of handlers may have trampolines.
pub(crate) const SLOTS: usize = 4;

/// The largest data of a call, which is kept on the stack.
pub(crate) const DATA_MAX: usize = 128;

/// What a trampoline calls.
pub(crate) trait Calls: 'static {
    /// Whether `entry` is called.
    const ENTRY: bool;

    /// Whether calls are followed until they return.
    const RET: bool;

    /// In how many registers the function has arguments.
    const REGISTERS: usize;

    /// In how many registers the function has its result.
    const RETURN_WORDS: usize;

    /// How many bytes of data there are for each call.
    const DATA: usize;

    /// Called at the entry of the function. Returns whether to follow the call.
    ///
    /// # Safety
    ///
    /// To be called by a trampoline only, with its frame and its owner, with preemption off.
    unsafe extern "C" fn entry(frame: *mut c_void, owner: *mut Owner) -> bool;

    /// Called when the body has returned.
    ///
    /// # Safety
    ///
    /// As for `entry`.
    unsafe extern "C" fn ret(frame: *mut c_void, owner: *mut Owner);
}

/// What a trampoline calls instead of the function.
pub(crate) trait Replaces: 'static {
    /// In how many registers the function has arguments.
    const REGISTERS: usize;

    /// Called as the function would be, in the context of its caller, to return what that is to get.
    ///
    /// # Safety
    ///
    /// To be called by a trampoline only, with its frame and its owner.
    unsafe extern "C" fn call(frame: *mut c_void, owner: *mut Owner) -> Words;
}

/// The two words in which functions return something.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Words(pub(crate) usize, pub(crate) usize);

/// What the owner of a trampoline begins with.
#[repr(C)]
#[derive(Default)]
pub(crate) struct Owner {
    /// Calls for which no handler was called, as one was running on that CPU.
    pub(crate) missed: AtomicUsize,
    /// Calls that were not followed, as the task exits or idles.
    pub(crate) not_followed: AtomicUsize,
}

/// A trampoline.
#[repr(C)]
pub(crate) struct Slot {
    /// Null if it is free. Written by whoever takes it, before it is planted.
    owner: AtomicPtr<Owner>,
    /// Where it begins, from the anchor on.
    offset: usize,
}

/// The trampolines of a type of calls.
pub(crate) struct Trampolines {
    /// Where they are found from: this may be branched to, while they themselves are only called.
    pub(crate) anchor: usize,
    pub(crate) slots: &'static [Slot; SLOTS],
    /// To how many words below itself the word points that a frame is marked with.
    pub(crate) mark: usize,
}

/// A trampoline that was taken.
#[derive(Clone, Copy)]
pub(crate) struct Trampoline {
    slot: &'static Slot,
    anchor: usize,
    pub(crate) mark: usize,
}

impl Trampoline {
    /// Takes one for `owner`, if one is free.
    pub(crate) fn take(all: &Trampolines, owner: *mut Owner) -> Option<Self> {
        all.slots
            .iter()
            .find(|slot| {
                slot.owner
                    .compare_exchange(core::ptr::null_mut(), owner, AcqRel, Relaxed)
                    .is_ok()
            })
            .map(|slot| Self {
                slot,
                anchor: all.anchor,
                mark: all.mark,
            })
    }

    /// Where it begins.
    pub(crate) fn address(&self) -> usize {
        self.anchor + self.slot.offset
    }

    /// What the frames of calls have that will return through it.
    pub(crate) fn id(&self) -> usize {
        core::ptr::from_ref(self.slot) as usize
    }

    /// Gives it back.
    ///
    /// # Safety
    ///
    /// No call is on the way through it, and none will be.
    pub(crate) unsafe fn release(self) {
        self.slot.owner.store(core::ptr::null_mut(), Release);
    }
}
