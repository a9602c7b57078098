// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A probe, or a hook, on functions in its place.

use core::{ffi::CStr, marker::PhantomPinned};

use kernel::{prelude::*, str::CString};

use super::{
    super::{
        kind::{Handles, Kind},
        node::Probe,
        process_context::check_may_register,
        registration::Registration,
        Stats,
    },
    state::{Options, State},
};
use crate::place::{
    functions::{Functions, Selected},
    Location, Target,
};

/// Registered from its initialisation until it is dropped.
///
/// # Invariants
///
/// If `registration` is there, it is that of `probe`.
#[pin_data(PinnedDrop)]
pub(crate) struct Registered<T, K: Kind> {
    /// In a box of its own: see [`Planted`](crate::Planted).
    probe: Pin<KBox<Probe<T, K>>>,
    registration: Option<Registration>,
    /// Owners cannot rely on being able to move it.
    #[pin]
    _pin: PhantomPinned,
}

impl<T, K> Registered<T, K>
where
    T: Send + Sync + 'static,
    K: Handles<T> + Kind<Raw = State, Options = Options>,
{
    /// Process context.
    pub(crate) fn new<'a, E>(
        functions: Functions<'a, K::Function>,
        options: Options,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        try_pin_init!(Self {
            probe: {
                check_may_register(&functions)?;
                let name = CString::try_from_fmt(fmt!("{}", functions))?;
                let target = Target::symbol(&name);
                let selected = functions.select()?;
                let probe = Probe::<T, K>::new(&target, options, handler);
                let probe = KBox::pin_init::<Error>(probe, GFP_KERNEL)?;
                // SAFETY: It is not registered yet, so nobody else uses it.
                unsafe { (*probe.raw()).select(selected) };
                probe
            },
            // INVARIANT: It is that of `probe`.
            registration: {
                let core = probe.as_ref().core();
                let name = CString::try_from_fmt(fmt!("{}", functions))?;
                let (target, location) = (Target::symbol(&name), Location::nowhere());
                // SAFETY: The probe is initialised, is pinned, and is freed only after the registration: either `drop`
                // runs, which takes care of the order, or the box is leaked.
                let registration = unsafe { Registration::disabled(core, &target, &location) }?;
                if !options.disabled {
                    registration.arm()?;
                }
                Some(registration)
            },
            _pin: PhantomPinned,
        })
    }
}

impl<T, K: Kind<Raw = State>> Registered<T, K> {
    #[inline]
    pub(crate) fn handler(&self) -> &T {
        self.probe.handler()
    }

    /// What was asked for, while it is registered.
    pub(crate) fn name(&self) -> Option<&CStr> {
        Some(self.registration.as_ref()?.core().name())
    }

    pub(crate) fn selected(&self) -> &Selected {
        // SAFETY: It was registered as this was made, so it is not changed any more, apart from what keeps modules, which is not read.
        unsafe { (*self.probe.raw()).selected() }
    }

    pub(crate) fn stats(&self) -> Option<Stats> {
        self.registration.as_ref()?.stats()
    }

    pub(crate) fn enable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.arm()
    }

    pub(crate) fn disable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.disarm()
    }

    pub(crate) fn unregister(self: Pin<&mut Self>) {
        // SAFETY: Nothing is moved.
        drop(unsafe { self.get_unchecked_mut() }.registration.take());
    }
}

#[pinned_drop]
impl<T, K: Kind> PinnedDrop for Registered<T, K> {
    fn drop(self: Pin<&mut Self>) {
        // No handler runs any more after this, so the fields may go.
        // SAFETY: Nothing is moved.
        drop(unsafe { self.get_unchecked_mut() }.registration.take());
    }
}
