// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A probe in its place: what [`Kprobe`](crate::kprobe::Kprobe) and [`Kretprobe`](crate::kretprobe::Kretprobe) have
//! in common.

use core::marker::{PhantomData, PhantomPinned};

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use super::{
    kind::{Handles, Kind},
    node::Probe,
    process_context::check_may_register,
    registration::Registration,
    Stats,
};
use crate::place::{Symbol, Target};

/// A probe with the handler `T`, registered from its initialisation until it is dropped: a
/// [`Kprobe`](crate::kprobe::Kprobe) or a [`Kretprobe`](crate::kretprobe::Kretprobe), as `K` says.
///
/// # Invariants
///
/// If `registration` is there, it is that of `probe`.
#[pin_data(PinnedDrop)]
pub struct Planted<T, K: Kind> {
    /// In a box of its own: there are safe ways to free what something pinned lies in and not to drop it, such as
    /// [`Opaque::pin_init`](kernel::types::Opaque). Then the box is leaked, and the kernel may go on using it.
    probe: Pin<KBox<Probe<T, K>>>,
    /// Taken by `unregister`, before the probe goes.
    registration: Option<Registration>,
    address: Symbol,
    kind: PhantomData<fn() -> K>,
    /// Owners cannot rely on being able to move it.
    #[pin]
    _pin: PhantomPinned,
}

impl<T, K> Planted<T, K>
where
    T: Send + Sync + 'static,
    K: Handles<T>,
{
    /// Plants a probe at `target`. The handler is initialised first, as it may be called before this returns.
    ///
    /// Process context.
    ///
    /// # Errors
    ///
    /// The kernel log names the cause and the cure in one line; nothing is left registered.
    ///
    /// - [`ENOENT`]: no such function.
    /// - `EADDRNOTAVAIL`: several functions have this name; see [`Target::position`].
    /// - `EILSEQ`: the offset is inside an instruction; on arm64, [`EINVAL`].
    /// - [`EINVAL`]: the kernel does not allow a probe there, or the target is not the entry of a function and the
    ///   probe is a return probe.
    /// - `EOPNOTSUPP`: the instruction cannot be executed out of line.
    /// - `ENAMETOOLONG`: the name is longer than the kernel's names are.
    /// - [`EBUSY`]: probes are switched off on this machine; or the handler
    ///   [redirects](crate::kprobe::Handler::REDIRECTS), and the function has a livepatch, or a probe that does not.
    /// - `EDEADLK`: called in atomic context, such as a handler.
    /// - `ESHUTDOWN`: the module is being unloaded, and what is left in it is being removed.
    /// - [`ENOMEM`]: out of memory.
    #[doc(alias = "register_kprobe", alias = "register_kretprobe")]
    pub fn new<'a, E>(
        target: Target<'a, K::Function>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        Self::with(target, K::Options::default(), handler)
    }

    /// As [`new`](Self::new), but the probe is disabled until [`enable`](Self::enable) is called.
    #[doc(alias = "KPROBE_FLAG_DISABLED")]
    pub fn new_disabled<'a, E>(
        target: Target<'a, K::Function>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        Self::with(target, K::DISABLED, handler)
    }

    /// As [`new`](Self::new), with options: [`kprobe::Options`](crate::kprobe::Options) or
    /// [`kretprobe::Options`](crate::kretprobe::Options).
    #[doc(alias = "maxactive")]
    pub fn with<'a, E>(
        target: Target<'a, K::Function>,
        options: K::Options,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        let target = target.of_function();
        try_pin_init!(Self {
            probe: {
                check_may_register(&target)?;
                target.check()?;
                KBox::pin_init::<Error>(Probe::new(&target, options, handler), GFP_KERNEL)?
            },
            // INVARIANT: It is that of `probe`.
            registration: {
                let core = probe.as_ref().core();
                // SAFETY: The probe is initialised, is pinned, and is freed only after the registration: either `drop`
                // runs, which takes care of the order, or the box is leaked.
                Some(unsafe { Registration::new(core, &target, K::starts_armed(&options)) }?)
            },
            address: Symbol(registration.as_ref().map_or(0, |r| r.core().address())),
            kind: PhantomData,
            _pin: PhantomPinned,
        })
    }
}

impl<T, K: Kind> Planted<T, K> {
    /// The handler, to read what it has gathered. Any context.
    #[inline]
    pub fn handler(&self) -> &T {
        self.probe.handler()
    }

    /// The probed address; prints as `kernel_clone+0x4/0x4a0`. Any context.
    #[inline]
    pub fn address(&self) -> Symbol {
        self.address
    }

    /// How the probe is planted and how many hits it missed. Any context; none once it is unregistered, by
    /// [`unregister`](Self::unregister) or at its handler's
    /// [request](crate::Context::unregister_later).
    #[doc(alias = "nmissed")]
    pub fn stats(&self) -> Option<Stats> {
        self.registration.as_ref()?.stats()
    }

    /// Arms the probe again after [`disable`](Self::disable). Process context. C: `enable_kprobe()`.
    ///
    /// # Errors
    ///
    /// - [`EINVAL`]: the probed module was unloaded, or this probe unregistered.
    /// - [`EBUSY`]: probes are switched off on this machine.
    /// - `EDEADLK`: called in atomic context, such as a handler.
    #[doc(alias = "enable_kprobe")]
    #[doc(alias = "enable_kretprobe")]
    pub fn enable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.arm()
    }

    /// Disarms the probe, but keeps it registered. A handler that is running on another CPU goes on, and calls that
    /// a return probe follows are followed to their return. Process context; in a handler, use
    /// [`disable_later`](crate::Context::disable_later). C: `disable_kprobe()`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`]: this probe is unregistered. `EDEADLK`: called in atomic context, such as a handler.
    #[doc(alias = "disable_kprobe")]
    #[doc(alias = "disable_kretprobe")]
    pub fn disable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.disarm()
    }

    /// Unregisters the probe now instead of when it is dropped: no handler runs any more once this returns. Calls
    /// that a return probe follows return unseen.
    ///
    /// Process context, as it waits for handlers that are running; in a handler, use
    /// [`unregister_later`](crate::Context::unregister_later). C: `unregister_kprobe()`, `unregister_kretprobe()`.
    #[doc(alias = "unregister_kprobe")]
    #[doc(alias = "unregister_kretprobe")]
    pub fn unregister(self: Pin<&mut Self>) {
        // SAFETY: Nothing is moved.
        drop(unsafe { self.get_unchecked_mut() }.registration.take());
    }
}

/// Prints the target as it was written and the address that it stands for.
impl<T, K: Kind> Display for Planted<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(registration) = &self.registration {
            Display::fmt(registration.core().name(), f)?;
            f.write_str(" at ")?;
        }
        Display::fmt(&self.address, f)
    }
}

impl<T, K: Kind> fmt::Debug for Planted<T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = self.registration.as_ref().map(|r| r.core().name());
        f.debug_struct("Planted")
            .field("target", &target)
            .field("address", &self.address)
            .field("stats", &self.stats())
            .finish()
    }
}

#[pinned_drop]
impl<T, K: Kind> PinnedDrop for Planted<T, K> {
    fn drop(self: Pin<&mut Self>) {
        // No handler runs any more after this, so the fields may go.
        self.unregister();
    }
}
