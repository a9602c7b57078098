// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A registered probe: how it gets in, and how it is sure to get out.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)
//!
//! Three things can go wrong with a `struct kprobe`, and none of them may happen to a safe program:
//!
//! - *It is freed while the kernel still uses it.* The struct is in a box together with its handler, which is given up
//!   only after `unregister_kprobe()` has waited for running handlers. That function leaves in its tables a probe that
//!   it fails to disarm, but never one that is disabled: so a probe is disabled first, by force if need be.
//! - *It is forgotten, and the module goes away.* `struct kprobe` has no owner that would keep the module. Every
//!   registered probe is in a list of its module; [`module!`](crate::module!) drains the list last of all.
//! - *It is registered but not armed.* `register_kprobe()` of Linux 7.3 drops the error of arming.
//!   `enable_kprobe()` does not, so a probe is registered disabled and then enabled. That arms nothing while
//!   probes are switched off by the administrator, so the code at the address is looked at, too.
//!
//! A handler may ask for its probe to be disabled or unregistered. That is done in process context, by a work item in
//! the probe itself; whoever frees the probe, or drains the list, waits for the work item last.

use core::ptr::NonNull;

use kernel::prelude::*;

use super::{
    node::{Core, Ops},
    process_context::{check_may_drop, check_may_register, check_may_sleep},
    refusal::explain,
    Stats,
};
use crate::{
    bindings,
    errno::Errno,
    place::{resolve, Location, Target},
};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else. Linking fails, with this name, for a module
    /// that is declared in another way: nothing would drain its list.
    static rprobes_needs_its_module_macro: u8;
}

/// A registered probe; unregisters on drop.
///
/// # Invariants
///
/// The probe was registered, and this is the only registration of it.
pub(crate) struct Registration(NonNull<Core>);

// SAFETY: The core is `Send` and `Sync`, and what this type offers may be called anywhere.
unsafe impl Send for Registration {}
// SAFETY: As above; enabling and disabling take the kernel's lock.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a probe and, if `armed`, arms it. Process context. On error the cause is in the kernel log, and
    /// nothing is registered.
    ///
    /// # Safety
    ///
    /// See [`Core::register`].
    pub(crate) unsafe fn new(
        core: NonNull<Core>,
        target: &Target<'_>,
        armed: bool,
    ) -> Result<Self> {
        check_may_register(target)?;
        // SAFETY: The caller promises the same.
        let registration = unsafe { Self::disabled(core, target, &resolve(target)?) }?;
        if armed {
            registration.arm()?;
        }
        Ok(registration)
    }

    /// Registers a probe, disabled, at the location that `target` stands for.
    ///
    /// # Safety
    ///
    /// See [`Core::register`].
    pub(crate) unsafe fn disabled(
        core: NonNull<Core>,
        target: &Target<'_>,
        location: &Location,
    ) -> Result<Self> {
        // The address of the symbol is all that matters: it makes the linker ask for the definition.
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        // SAFETY: The caller promises the same.
        unsafe { Core::register(core, location) }.inspect_err(|error| {
            // SAFETY: The core is alive.
            explain(*error, target, location, unsafe { core.as_ref() }.ops());
        })?;
        // INVARIANT: It was registered here.
        let registration = Self(core);
        if location.in_module && !location.is_still_of(target) {
            log!(ERR, "no probe at {}: its module was unloaded\n", target);
            return Err(ENOENT);
        }
        Ok(registration)
    }

    pub(crate) fn core(&self) -> &Core {
        // SAFETY: The core lives until this is dropped.
        unsafe { self.0.as_ref() }
    }

    /// Arms the probe. Process context.
    pub(crate) fn arm(&self) -> Result {
        check_may_sleep()?;
        let name = self.core().name();
        // SAFETY: The probe was registered.
        let result = unsafe { Core::arm(self.0) };
        match result {
            Ok(true) => return Ok(()),
            // It was armed, and its handler was faster than we are.
            Ok(false) if self.core().was_asked() => return Ok(()),
            Ok(false) => log!(
                ERR,
                "the probe at {} is not armed: probes are switched off on this machine (echo 1 > \
                 /sys/kernel/debug/kprobes/enabled), or it was disabled meanwhile\n",
                name
            ),
            Err(error) if self.core().ops().explains => return Err(error),
            Err(error) => {
                let gone = self.stats().is_some_and(|stats| stats.gone);
                let why = match error {
                    _ if gone => "its module was unloaded",
                    EINVAL => "it is unregistered",
                    EBUSY => "a livepatch changes that function, and the handler redirects",
                    _ => "the kernel log may say more",
                };
                log!(
                    ERR,
                    "the kernel could not arm the probe at {}: {} ({})\n",
                    name,
                    why,
                    Errno(error)
                );
                return Err(error);
            }
        }
        Err(EBUSY)
    }

    /// Disarms the probe; handlers that are running may still run. Process context.
    pub(crate) fn disarm(&self) -> Result {
        check_may_sleep()?;
        // SAFETY: The probe was registered.
        unsafe { Core::disarm(self.0) }
    }

    /// None if the probe is not registered any more.
    pub(crate) fn stats(&self) -> Option<Stats> {
        self.core()
            .is_registered()
            // SAFETY: The probe was registered.
            .then(|| unsafe { Core::stats(self.0) })
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        check_may_drop();
        // SAFETY: The probe was registered.
        unsafe { Core::retire(self.0) };
    }
}

/// Unregisters what is left in the module's list. Called when the module goes away, as the last thing.
///
/// The probes themselves stay where they are, as they were leaked. An owner that is dropped after all finds its
/// probe unregistered.
pub(crate) fn drain() {
    /// # Safety
    ///
    /// To be called by the helper only, with a probe of the list that it has marked.
    unsafe extern "C" fn drained(listed: *mut bindings::rprobes_probe) {
        // SAFETY: What is linked is a live core, and stays one, as an owner that is dropped waits for whoever has marked it; and the
        // list's entry is its first field.
        let core = unsafe { NonNull::new_unchecked(listed.cast::<Core>()) };
        // SAFETY: As above.
        let this = unsafe { core.as_ref() };
        if this.is_registered() {
            log!(
                WARNING,
                "the probe at {} was leaked (mem::forget, or a reference cycle?); unregistering it\n",
                this.name()
            );
        }
        // SAFETY: It was registered, as it was in the list.
        unsafe { Core::end(core) };
    }

    // SAFETY: The module goes away; no probe of it is to be planted any more, and none is after this.
    unsafe { bindings::rprobes_watch_drain() };
    // SAFETY: The callback does what is asked of it.
    unsafe { bindings::rprobes_probe_drain(Some(drained)) };
}

/// Unregisters probes with one grace period for each kind, instead of one for each probe.
///
/// `kinds` has the operations of every kind among them, and `raws` has room for all of them: there may be no memory at
/// this time.
pub(crate) fn unregister_all(
    registrations: KVec<Registration>,
    kinds: &[&'static Ops],
    raws: &mut KVec<*mut c_void>,
) {
    check_may_drop();
    for registration in &registrations {
        // SAFETY: It was registered, and is dropped below.
        unsafe { Core::mark(registration.0) };
    }
    for kind in kinds {
        raws.clear();
        for registration in &registrations {
            if !registration.core().ops().is_kind_of(kind) {
                continue;
            }
            // SAFETY: It was registered.
            if let Some(raw) = unsafe { Core::claim(registration.0) } {
                // This does not fail: there is room.
                let _ = raws.push(raw, GFP_ATOMIC);
            }
        }
        if !raws.is_empty() {
            // SAFETY: They are registered, of this kind, and nobody else's to unregister.
            unsafe { (kind.unregister)(raws) };
        }
    }
    // What is left to do for each is to get out of the list, in which the drain waits for it.
    drop(registrations);
}
