// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What this module has made in the tracing system: it goes when its owner is dropped or, if that was leaked, when the
//! module is unloaded.

use core::marker::PhantomPinned;

use kernel::{prelude::*, types::Opaque};

use crate::{bindings, errno::error};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else: nothing would drain the list of another module.
    static rprobes_needs_its_module_macro: u8;
}

/// What can be in the list.
pub(super) trait Made: Send + Sync + Sized {
    /// Those of the lower kind are removed first. Each type has its own.
    const KIND: u32;

    /// Removes it. Called once, in process context. If it was leaked, the lock of the list is held.
    fn remove(&self, leaked: bool);
}

/// An owner of something in the list.
///
/// # Invariants
///
/// The entry was linked, and nobody else unlinks it but the drain.
pub(super) struct Owned<T: Made>(Pin<KBox<Entry<T>>>);

#[pin_data]
#[repr(C)]
struct Entry<T> {
    /// First, so that what is in the list is also this.
    raw: Opaque<bindings::rprobes_traced>,
    made: T,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: The list is used under its lock; the rest is `T`.
unsafe impl<T: Send> Send for Entry<T> {}
// SAFETY: As above.
unsafe impl<T: Sync> Sync for Entry<T> {}

impl<T: Made> Owned<T> {
    /// Puts what `make` makes in the list. There is room for it before it is made. Process context.
    pub(super) fn new(make: impl FnOnce() -> Result<T>) -> Result<Self> {
        // The address is all that matters: it makes the linker ask for the definition.
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        let room = KBox::new_uninit(GFP_KERNEL)?;
        let made = make()?;
        let entry = room.write_pin_init(pin_init!(Entry {
            raw: Opaque::new(bindings::rprobes_traced {
                kind: T::KIND,
                remove: Some(remove::<T>),
                ..Default::default()
            }),
            made,
            _pin: PhantomPinned,
        }));
        let Ok(entry) = entry;
        // SAFETY: It is in no list, and stays where it is until it is unlinked.
        unsafe { bindings::rprobes_traced_link(entry.raw.get()) };
        // INVARIANT: Linked here.
        Ok(Self(entry))
    }
}

impl<T: Made> core::ops::Deref for Owned<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0.made
    }
}

impl<T: Made> Drop for Owned<T> {
    fn drop(&mut self) {
        if check_may_sleep().is_err() {
            // SAFETY: This never returns.
            unsafe { bindings::rprobes_dropped_in_handler() };
        }
        // SAFETY: It was linked. If the list is being drained, this waits for it.
        if unsafe { bindings::rprobes_traced_unlink(self.0.raw.get()) } {
            self.0.made.remove(false);
        }
    }
}

/// # Safety
///
/// To be called by the helper only, with an entry for a `T` that it has just taken off the list.
unsafe extern "C" fn remove<T: Made>(raw: *mut bindings::rprobes_traced) {
    // SAFETY: The entry is alive, as an owner that is being dropped waits for the lock of the list.
    unsafe { (*raw.cast::<Entry<T>>()).made.remove(true) };
}

/// Calls `visit` for each `T` in the list, with its lock held. Process context.
pub(super) fn each<T: Made, F: FnMut(&T)>(mut visit: F) {
    /// # Safety
    ///
    /// `raw` must be in the list, and of a `T`; `data` must be an `F` that nobody else uses.
    unsafe extern "C" fn call<T: Made, F: FnMut(&T)>(
        raw: *mut bindings::rprobes_traced,
        data: *mut c_void,
    ) {
        // SAFETY: What is in the list is alive; the rest is what the caller promises.
        unsafe { (*data.cast::<F>())(&(*raw.cast::<Entry<T>>()).made) }
    }

    // SAFETY: Each type has a kind of its own. The callback gets `visit`, which lives during the call.
    unsafe {
        bindings::rprobes_traced_each(T::KIND, Some(call::<T, F>), (&raw mut visit).cast());
    }
}

/// Removes what is left in the list. Called when the module goes away, after its probes are gone.
pub(crate) fn drain() {
    // SAFETY: Process context, and the callbacks are those of entries in the list.
    unsafe { bindings::rprobes_traced_drain() };
}

/// Refuses to go on where code must not sleep.
pub(super) fn check_may_sleep() -> Result {
    // SAFETY: May be called at any time.
    if unsafe { bindings::rprobes_may_sleep() } {
        Ok(())
    } else {
        Err(error(kernel::bindings::EDEADLK))
    }
}
