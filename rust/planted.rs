// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A probe in its place: what [`Kprobe`](crate::kprobe::Kprobe) and [`Kretprobe`](crate::kretprobe::Kretprobe) have
//! in common.

use core::{
    marker::{PhantomData, PhantomPinned},
    ptr::NonNull,
};

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use crate::{
    registration::{check_may_register, Callbacks, Probe, Registration, Stats},
    Symbol, Target,
};

/// The kind of a [`Kprobe`](crate::kprobe::Kprobe).
pub enum Instruction {}

/// The kind of a [`Kretprobe`](crate::kretprobe::Kretprobe).
pub enum Return {}

/// A probe with the handler `T`, registered from its initialisation until it is dropped: a
/// [`Kprobe`](crate::kprobe::Kprobe) or a [`Kretprobe`](crate::kretprobe::Kretprobe), as `Kind` says.
///
/// # Invariants
///
/// If `registration` is there, it is that of `probe`.
#[pin_data(PinnedDrop)]
pub struct Planted<T, Kind> {
    /// In a box of its own: there are safe ways to free what something pinned lies in and not to drop it, such as
    /// [`Opaque::pin_init`](kernel::types::Opaque). Then the box is leaked, and the kernel may go on using it.
    probe: Pin<KBox<Probe<T>>>,
    /// Taken by `unregister`, before the probe goes.
    registration: Option<Registration>,
    address: Symbol,
    kind: PhantomData<fn() -> Kind>,
    /// Owners can not rely on being able to move it.
    #[pin]
    _pin: PhantomPinned,
}

impl<T, Kind> Planted<T, Kind> {
    /// Initialises the handler, then registers the probe.
    ///
    /// # Safety
    ///
    /// The callbacks must be those of `T` as a handler of `Kind`, and `T` one that may be called from any CPU and
    /// as long as the module is there.
    pub(crate) unsafe fn init<'a, E>(
        target: Target<'a>,
        callbacks: Result<Callbacks>,
        armed: bool,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        Kind: 'a,
        E: 'a,
        Error: From<E>,
    {
        try_pin_init!(Self {
            probe: {
                check_may_register(&target)?;
                KBox::pin_init::<Error>(Probe::new(&target, callbacks?, handler), GFP_KERNEL)?
            },
            // INVARIANT: It is that of `probe`.
            registration: {
                let node = NonNull::from(&**probe).cast();
                // SAFETY: The callbacks are those of `T`, which the handler is. It is initialised, is pinned, and
                // is freed only after the registration: either `drop` runs, which takes care of the order, or
                // the box is leaked.
                Some(unsafe { Registration::new(node, &target, armed) }?)
            },
            address: Symbol(registration.as_ref().map_or(0, |r| r.node().address())),
            kind: PhantomData,
            _pin: PhantomPinned,
        })
    }

    /// The handler, to read what it has gathered. Any context.
    #[inline]
    pub fn handler(&self) -> &T {
        &self.probe.handler
    }

    /// The probed address; prints as `kernel_clone+0x4/0x4a0`. Any context.
    #[inline]
    pub fn address(&self) -> Symbol {
        self.address
    }

    /// How the probe is planted and how many hits it missed. Any context; none once it is unregistered.
    #[doc(alias = "nmissed")]
    pub fn stats(&self) -> Option<Stats> {
        self.registration
            .as_ref()
            .map(|registration| registration.node().stats())
    }

    /// Arms the probe again after [`disable`](Self::disable). Process context. C: `enable_kprobe()`.
    ///
    /// # Errors
    ///
    /// - [`EINVAL`]: the probed module was unloaded, or this probe unregistered.
    /// - [`EBUSY`]: probes are switched off on this machine.
    #[doc(alias = "enable_kprobe")]
    #[doc(alias = "enable_kretprobe")]
    pub fn enable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.arm()
    }

    /// Disarms the probe, but keeps it registered. A handler that is running on another CPU goes on, and calls that
    /// a return probe follows are followed to their return. Process context. C: `disable_kprobe()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`]: this probe is unregistered.
    #[doc(alias = "disable_kprobe")]
    #[doc(alias = "disable_kretprobe")]
    pub fn disable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.disarm()
    }

    /// Takes the probe out now instead of when it is dropped: no handler runs any more once this returns. Calls
    /// that a return probe follows return unseen.
    ///
    /// Process context: waits for handlers that are running. C: `unregister_kprobe()`, `unregister_kretprobe()`.
    #[doc(alias = "unregister_kprobe")]
    #[doc(alias = "unregister_kretprobe")]
    pub fn unregister(self: Pin<&mut Self>) {
        // SAFETY: Nothing is moved.
        drop(unsafe { self.get_unchecked_mut() }.registration.take());
    }
}

/// Prints the target as it was written and the address that it stands for.
impl<T, Kind> Display for Planted<T, Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registration) = &self.registration {
            Display::fmt(registration.node().name(), f)?;
            f.write_str(" at ")?;
        }
        Display::fmt(&self.address, f)
    }
}

impl<T, Kind> fmt::Debug for Planted<T, Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.registration.as_ref().map(|r| r.node().name());
        f.debug_struct("Planted")
            .field("target", &target)
            .field("address", &self.address)
            .field("stats", &self.stats())
            .finish()
    }
}

#[pinned_drop]
impl<T, Kind> PinnedDrop for Planted<T, Kind> {
    fn drop(self: Pin<&mut Self>) {
        // No handler runs any more after this, so the fields may go.
        self.unregister();
    }
}
