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
//! | of one function | of one function whose arguments are in registers, as [`kernel_types!`](crate::kernel_types!) knows, and with at most 128 bytes of data | [direct call](Mechanism::Direct): the function calls the handler itself | 25; 33; 56 |
//! | of any number | | [ftrace](Mechanism::Ftrace) calls the handler | 47 |
//! | | of any number, with at most 112 bytes of data | [fprobe](Mechanism::Fprobe): ftrace calls the kernel's function graph, and that the handler | 631; 666 |
//! | of what ftrace does not know | of one function, or where the kernel has no fprobes | [kprobe](Mechanism::Kprobe), kretprobe | 165; 474; 492 |
//!
//! - A direct call is there for one at a time. Where something else has it, such as a BPF program, the next mechanism is taken, and the log says so;
//!   and where a probe has it, BPF programs of the kind fentry and fexit are refused with `EBUSY` or `EINVAL`. Four probes with the same type of handlers can have one.
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
//! Handlers run with preemption off, in any context: see [`kprobe`](super::kprobe#what-handlers-may-do). While one of this module's runs, its other hits on that CPU are not delivered, except by kprobes, which go by their own rules,
//! be it because the handler calls what is probed, or because of an interrupt or an NMI: they are counted in [`Stats::missed`](crate::Stats).
//! [`Stats::exhausted`](crate::Stats) are calls that were not followed as there was no room;
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
};

use super::{function::Registered, Stats};
use crate::{
    place::Symbol,
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
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::atomic::{Atomic, Relaxed}};
/// use rprobes::{fprobe::{self, Entry, EntryContext, Functions, RetContext}, Fprobe};
///
/// rprobes::kernel_types! { fn vfs_read; }
///
/// /// Counts calls, of whatever functions.
/// struct Count(Atomic<u64>);
///
/// #[vtable]
/// impl fprobe::Handler for Count {
///     type Data = ();
///
///     fn entry(&self, _cx: &EntryContext<'_>) -> Entry<()> {
///         self.0.fetch_add(1, Relaxed);
///         Entry::Skip
///     }
/// }
///
/// /// Counts bytes that were asked for and not read.
/// struct Short(Atomic<usize>);
///
/// #[vtable]
/// impl fprobe::Handler<vfs_read> for Short {
///     type Data = usize;
///
///     fn entry(&self, cx: &EntryContext<'_, vfs_read>) -> Entry<usize> {
///         Entry::Trace(cx.args().count())
///     }
///
///     fn ret(&self, cx: &RetContext<'_, vfs_read>, count: &usize) {
///         self.0.fetch_add(count.saturating_sub(cx.return_value().max(0) as usize), Relaxed);
///     }
/// }
///
/// type Planted<T, F = rprobes::types::Raw> = Pin<KBox<Fprobe<T, F>>>;
///
/// fn plant() -> Result<(Planted<Count>, Planted<Short, vfs_read>)> {
///     let functions = Functions::matching(c"vfs_* !vfs_fs*");
///     Ok((
///         KBox::pin_init(Fprobe::new(functions, Count(Atomic::new(0))), GFP_KERNEL)?,
///         KBox::pin_init(Fprobe::new(vfs_read::TARGET, Short(Atomic::new(0))), GFP_KERNEL)?,
///     ))
/// }
/// # fn main() {}
/// ```
#[doc(alias = "register_fprobe")]
#[doc(alias = "register_ftrace_function")]
#[doc(alias = "register_ftrace_direct")]
#[pin_data]
pub struct Fprobe<T, F: Signature = Raw> {
    #[pin]
    registered: Registered<T, Function<F>>,
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
    /// - `EADDRNOTAVAIL`: several functions have this name; see [`Target::position`](crate::Target::position).
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
            registered <- Registered::new(functions, options, handler),
            _pin: PhantomPinned,
        })
    }
}

impl<T, F: Signature> Fprobe<T, F> {
    /// The handler, to read what it has gathered. Any context.
    #[inline]
    pub fn handler(&self) -> &T {
        self.registered.handler()
    }

    /// The functions that are probed, in the order of a list, or of their addresses. Any context.
    pub fn functions(&self) -> impl ExactSizeIterator<Item = Symbol> + '_ {
        self.registered
            .selected()
            .functions
            .iter()
            .copied()
            .map(Symbol)
    }

    /// The functions that were left out, and why. Any context.
    pub fn left_out(&self) -> &[LeftOut] {
        &self.registered.selected().left_out
    }

    /// How the probe is planted and how many hits it missed. Any context; none once it is unregistered, by
    /// [`unregister`](Self::unregister) or at its handler's [request](crate::Context::unregister_later).
    #[doc(alias = "nmissed")]
    pub fn stats(&self) -> Option<Stats> {
        self.registered.stats()
    }

    /// Plants the probe again after [`disable`](Self::disable). Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`]: this probe is unregistered. [`EBUSY`]: function tracing is switched off on this machine. `EDEADLK`: called in atomic context, such as a handler.
    pub fn enable(&self) -> Result {
        self.registered.enable()
    }

    /// Takes the probe out of the functions, but keeps it registered. Calls that are followed are followed to their return, except by fprobes. Process context; in a handler, use
    /// [`disable_later`](crate::Context::disable_later).
    ///
    /// # Errors
    ///
    /// [`EINVAL`]: this probe is unregistered. `EDEADLK`: called in atomic context, such as a handler.
    pub fn disable(&self) -> Result {
        self.registered.disable()
    }

    /// Unregisters the probe now instead of when it is dropped: no handler runs any more once this returns.
    ///
    /// Process context, as it waits for handlers that are running, and, with exits by direct call, for calls that are under way; in a handler, use
    /// [`unregister_later`](crate::Context::unregister_later).
    #[doc(alias = "unregister_fprobe")]
    #[doc(alias = "unregister_ftrace_function")]
    pub fn unregister(self: Pin<&mut Self>) {
        // SAFETY: Nothing is moved.
        unsafe { self.map_unchecked_mut(|this| &mut this.registered) }.unregister();
    }
}

/// Prints what was asked for.
impl<T, F: Signature> Display for Fprobe<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.registered.name() {
            Some(name) => Display::fmt(name, f),
            None => f.write_str("nothing"),
        }
    }
}
