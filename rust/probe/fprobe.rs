// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes on functions: one handler for the entries, and the returns, of one function or of thousands.
//!
//! The handler is that of a [`kretprobe`](super::kretprobe), and either probe can be planted with it. It implements `entry`, `ret`, or both;
//! in a handler for several functions, [`Context::index`](crate::Context::index) and [`Context::address`](crate::Context::address) tell which one was hit.
//!
//! # Who gets what
//!
//! The crate takes the first of these that does, and says so in [`Fprobe::stats`]. [`Options::mechanism`] asks for one.
//!
//! | entry | return as well | mechanism | instructions per hit: entry; return; both |
//! |---|---|---|---|
//! | of one function | of one function whose arguments are in registers, as [`kernel_types!`](crate::kernel_types!) knows, and with at most 128 bytes of data | [direct call](Mechanism::Direct): the function calls the handler itself | 26; 31; 42 |
//! | of any number | | [ftrace](Mechanism::Ftrace) calls the handler | 46 |
//! | | of any number, with at most 120 bytes of data | [fprobe](Mechanism::Fprobe): ftrace calls the kernel's function graph, and that the handler | 626; 645 |
//! | of what ftrace does not know | of one function, or where the kernel has no fprobes | [kprobe](Mechanism::Kprobe), kretprobe | 165; 470 |
//!
//! - A direct call is there for one at a time. Where something else has it, such as a BPF program, the next mechanism is taken, and the log says so;
//!   and where a probe has it, BPF programs of the kind fentry and fexit are refused with `EBUSY`. Four probes with the same type of handlers can have one.
//! - *Exits by direct call wait.* Calls that are under way when the probe is dropped return through the module, so `drop` waits until they have, and after a second
//!   says for how many, of which function, and by whom. Of a function that sleeps for long, ask for [`Mechanism::Kprobe`]: with it, and with fprobes, nobody waits, and such calls return unseen.
//!   A call that never returns, because its task exits inside, is not waited for. `rust/machine/direct/mod.rs` has the argument why that is safe.
//! - The module of a function that is probed cannot be unloaded meanwhile.
//! - Function tracing cannot be switched off, in `/proc/sys/kernel/ftrace_enabled`, while a probe stands on direct calls or ftrace.
//! - A function must have a place for ftrace to call from: `/sys/kernel/tracing/available_filter_functions` has a list. Not there are functions that are `notrace`, or
//!   that run where RCU is not watching, in idle CPUs and early in an interrupt; those that can be traced all the same, before Linux 6.3, are hit without a call of the handler, and counted as missed.
//!
//! # Hits that are missed
//!
//! Handlers run with preemption off, in any context: see [`kprobe`](super::kprobe#what-handlers-may-do). While one runs, other hits on its CPU are not delivered,
//! be it because the handler calls what is probed, or because of an interrupt or an NMI: they are counted in [`Stats::missed`](crate::Stats).
//! With fprobes it is the kernel that leaves out what the handler itself calls, and it does not count that. [`Stats::exhausted`](crate::Stats) are calls that were not followed as there was no room;
//! [`Stats::not_followed`](crate::Stats) those that were not as the task exits or idles, and may never return from there.
//!
//! C headers: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h),
//! [`include/linux/fprobe.h`](srctree/include/linux/fprobe.h);
//! documentation: [`Documentation/trace/ftrace-uses.rst`](srctree/Documentation/trace/ftrace-uses.rst),
//! [`Documentation/trace/fprobe.rst`](srctree/Documentation/trace/fprobe.rst)

use core::marker::PhantomPinned;

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::CString,
};

use super::{node::Probe, process_context::check_may_register, registration::Registration, Stats};
use crate::{
    place::{functions::Selected, Location, Symbol, Target},
    types::{Raw, Signature},
};

pub use super::{
    function::{Function, Options},
    kretprobe::{Entry, EntryContext, Handler, RetContext},
    stats::Mechanism,
};
pub use crate::place::functions::{Functions, LeftOut, Why};

/// A probe on functions, planted from its initialisation until it is dropped.
///
/// # Invariants
///
/// If `registration` is there, it is that of `probe`.
#[doc(alias = "register_fprobe")]
#[doc(alias = "register_ftrace_function")]
#[doc(alias = "register_ftrace_direct")]
#[pin_data(PinnedDrop)]
pub struct Fprobe<T, F: Signature = Raw> {
    /// In a box of its own: see [`Planted`](crate::Planted).
    probe: Pin<KBox<Probe<T, Function<F>>>>,
    registration: Option<Registration>,
    /// Owners cannot rely on being able to move it.
    #[pin]
    _pin: PhantomPinned,
}

impl<T, F> Fprobe<T, F>
where
    F: Signature,
    T: Handler<F>,
{
    /// Plants a probe on functions. The handler is initialised first, as it may be called before this returns.
    ///
    /// Process context.
    ///
    /// # Errors
    ///
    /// The kernel log names the cause and the cure in one line; nothing is left registered.
    ///
    /// - [`ENOENT`]: no such function, or none that can be probed.
    /// - `EADDRNOTAVAIL`: several functions have this name; see [`Target::position`].
    /// - [`EINVAL`]: it is not the entry of a function; or one of a list cannot be probed; or the handler implements nothing.
    /// - `EOPNOTSUPP`: the mechanism that was asked for does not do.
    /// - [`EBUSY`]: function tracing is switched off on this machine.
    /// - `ENAMETOOLONG`: a name is longer than the kernel's names are.
    /// - `EDEADLK`: called in atomic context, such as a handler.
    /// - [`ENOMEM`]: out of memory.
    pub fn new<'a, E>(
        functions: impl Into<Functions<'a, F>>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        Self::with(functions, Options::default(), handler)
    }

    /// As [`new`](Self::new), with options.
    pub fn with<'a, E>(
        functions: impl Into<Functions<'a, F>>,
        options: Options,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        let functions = functions.into();
        try_pin_init!(Self {
            probe: {
                check_may_register(&Target::address(0))?;
                let selected = functions.select()?;
                let name = CString::try_from_fmt(fmt!("{}", functions))?;
                let target = Target::symbol(&name);
                let probe = Probe::<T, Function<F>>::new(&target, options, handler);
                let probe = KBox::pin_init::<Error>(probe, GFP_KERNEL)?;
                // SAFETY: It is not registered yet, so nobody else uses it.
                unsafe { (*probe.raw()).select(selected) };
                probe
            },
            // INVARIANT: It is that of `probe`.
            registration: {
                let core = probe.as_ref().core();
                let name = CString::try_from_fmt(fmt!("{}", functions))?;
                let location = Location::nowhere();
                // SAFETY: The probe is initialised, is pinned, and is freed only after the registration: either `drop`
                // runs, which takes care of the order, or the box is leaked.
                let registration =
                    unsafe { Registration::disabled(core, &Target::symbol(&name), &location) }?;
                if !options.disabled {
                    registration.arm()?;
                }
                Some(registration)
            },
            _pin: PhantomPinned,
        })
    }
}

impl<T, F: Signature> Fprobe<T, F> {
    /// The handler, to read what it has gathered. Any context.
    #[inline]
    pub fn handler(&self) -> &T {
        self.probe.handler()
    }

    /// The functions that are probed, in the order of a list, or of their addresses. Any context.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = Symbol> + '_ {
        self.selected().functions.iter().copied().map(Symbol)
    }

    /// The functions that were left out, and why. Any context.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.selected().left_out
    }

    fn selected(&self) -> &Selected {
        // SAFETY: It is not changed any more once it is registered, which it was as this was made.
        unsafe { (*self.probe.raw()).selected() }
    }

    /// How the probe is planted and how many hits it missed. Any context; none once it is unregistered, by
    /// [`unregister`](Self::unregister) or at its handler's [request](crate::Context::unregister_later).
    #[doc(alias = "nmissed")]
    pub fn stats(&self) -> Option<Stats> {
        self.registration.as_ref()?.stats()
    }

    /// Plants the probe again after [`disable`](Self::disable). Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`]: this probe is unregistered. [`EBUSY`]: function tracing is switched off on this machine. `EDEADLK`: called in atomic context, such as a handler.
    pub fn enable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.arm()
    }

    /// Takes the probe out of the functions, but keeps it registered. Calls that are followed are followed to their return, except by fprobes. Process context; in a handler, use
    /// [`disable_later`](crate::Context::disable_later).
    ///
    /// # Errors
    ///
    /// [`EINVAL`]: this probe is unregistered. `EDEADLK`: called in atomic context, such as a handler.
    pub fn disable(&self) -> Result {
        self.registration.as_ref().ok_or(EINVAL)?.disarm()
    }

    /// Unregisters the probe now instead of when it is dropped: no handler runs any more once this returns.
    ///
    /// Process context, as it waits for handlers that are running, and, with exits by direct call, for calls that are under way; in a handler, use
    /// [`unregister_later`](crate::Context::unregister_later).
    #[doc(alias = "unregister_fprobe")]
    #[doc(alias = "unregister_ftrace_function")]
    pub fn unregister(self: Pin<&mut Self>) {
        // SAFETY: Nothing is moved.
        drop(unsafe { self.get_unchecked_mut() }.registration.take());
    }
}

/// Prints what was asked for.
impl<T, F: Signature> Display for Fprobe<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.registration {
            Some(registration) => Display::fmt(registration.core().name(), f),
            None => f.write_str("nothing"),
        }
    }
}

#[pinned_drop]
impl<T, F: Signature> PinnedDrop for Fprobe<T, F> {
    fn drop(self: Pin<&mut Self>) {
        // No handler runs any more after this, so the fields may go.
        self.unregister();
    }
}
