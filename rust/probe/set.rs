// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Many probes at once: all of them or none, and out again with one grace period instead of one each.
//!
//! ```text
//!  ProbeSet::builder
//!      |   kprobe, kretprobe: nothing is registered yet
//!      v
//!  Builder::register  --->  one was refused: those before it are unregistered, none was armed
//!      |
//!      v
//!  all registered, then all armed
//!      |
//!      v
//!  drop: all unregistered
//! ```
//!
//! A member may be [optional](Member::optional): if its function does not exist, the set is registered without it, and
//! [`ProbeSet::stats`] reports it as missing.
//!
//! A member whose target is a [system call](crate::Target::syscall) sees all callers: callers with 32 bits may enter by
//! functions of their own, and those that exist are probed as well. The handler is called by all of them.
//!
//! Handlers run as those of single probes do: see [`kprobe`](crate::kprobe) and [`kretprobe`](crate::kretprobe), which
//! also say what is guaranteed. Arming goes from probe to probe, so for a moment some see hits and others do not; if
//! one cannot be armed, those before it may have been called already when all are unregistered.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use core::ptr::NonNull;

use kernel::{prelude::*, sync::Arc};

use super::{
    kind::{Handles, Kind},
    node::{Core, Ops, Probe},
    process_context::check_may_register,
    registration::{unregister_all, Registration},
    Stats,
};
use crate::place::{entries_of_32, find, resolve, Location, Symbol, Target};

/// Kprobes and return probes that are registered together. Dropped, they are unregistered together.
///
/// Stands on `unregister_kprobes()` and `unregister_kretprobes()`: waiting for running handlers takes milliseconds
/// each time, and here it is done once for all kprobes and once for all return probes. What the kernel does for each
/// probe remains: at the entry of a function, where ftrace calls probes, that is to rewrite the tables of ftrace.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::{atomic::{Atomic, Relaxed}, Arc}};
/// use rprobes::{kprobe::{self, PreContext}, ProbeSet, Target};
///
/// struct Count(Atomic<u64>);
///
/// #[vtable]
/// impl kprobe::Handler for Count {
///     fn pre(&self, _cx: &PreContext<'_>) {
///         self.0.fetch_add(1, Relaxed);
///     }
/// }
///
/// fn plant() -> Result<(ProbeSet, Arc<Count>)> {
///     let count = Arc::new(Count(Atomic::new(0)), GFP_KERNEL)?;
///     let mut set = ProbeSet::builder();
///     for function in [c"vfs_read", c"vfs_write"] {
///         set.kprobe(Target::symbol(function), count.clone())?;
///     }
///     Ok((set.register()?, count))
/// }
/// ```
///
/// # Invariants
///
/// `kinds` has the operations of all `registrations`, and `raws` has room for all of them.
#[doc(alias = "register_kprobes")]
#[doc(alias = "unregister_kprobes")]
#[doc(alias = "register_kretprobes")]
#[doc(alias = "unregister_kretprobes")]
pub struct ProbeSet {
    registrations: KVec<Registration>,
    /// For each member, which of the registrations are its own.
    members: KVec<Own>,
    /// Dropped after they are unregistered, see `drop`.
    _probes: KVec<Keep>,
    kinds: KVec<&'static Ops>,
    raws: KVec<*mut c_void>,
}

// SAFETY: Handlers and registrations are `Send`, and the pointers are used in `drop` only.
unsafe impl Send for ProbeSet {}
// SAFETY: Handlers and registrations are `Sync`, and the pointers are used in `drop` only.
unsafe impl Sync for ProbeSet {}

/// From one registration of a set up to another; none of them, if the member is missing.
struct Own {
    begin: usize,
    end: usize,
}

/// A probe of any kind with a handler of any type, kept until this is dropped. The kernel's `Box` does not coerce to a
/// trait object with the compilers of today.
///
/// # Invariants
///
/// `probe` came out of a box of what `free` expects, and belongs to this; `core` is that of it.
struct Keep {
    core: NonNull<Core>,
    probe: NonNull<c_void>,
    free: unsafe fn(NonNull<c_void>),
}

impl Keep {
    fn new<T, K, E>(
        target: &Target<'_>,
        options: K::Options,
        handler: impl PinInit<T, E>,
    ) -> Result<Self>
    where
        K: Handles<T>,
        Error: From<E>,
    {
        /// # Safety
        ///
        /// `probe` must have come out of a box of a `Probe<T, K>`, and is not used after this.
        unsafe fn free<T, K: Kind>(probe: NonNull<c_void>) {
            // SAFETY: The caller promises that.
            drop(unsafe { KBox::<Probe<T, K>>::from_raw(probe.as_ptr().cast()) });
        }
        check_may_register(target)?;
        target.check()?;
        let probe = Probe::<T, K>::new(target, options, handler);
        let probe = KBox::pin_init::<Error>(probe, GFP_KERNEL)?;
        // SAFETY: It is not moved until it is dropped.
        let probe = KBox::into_raw(unsafe { Pin::into_inner_unchecked(probe) });
        // SAFETY: It is pinned, as above.
        let core = unsafe { Pin::new_unchecked(&*probe) }.core();
        // INVARIANT: It comes out of the box here.
        Ok(Self {
            core,
            // SAFETY: A box is not null.
            probe: unsafe { NonNull::new_unchecked(probe.cast()) },
            free: free::<T, K>,
        })
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { (self.free)(self.probe) }
    }
}

/// Collects the members of a [`ProbeSet`].
pub struct Builder<'a> {
    members: KVec<Member<'a>>,
}

/// A member of a [`ProbeSet`] that is yet to be registered.
pub struct Member<'a> {
    /// Only for a system call there are several, and the others are only there if the first is.
    probes: KVec<(Target<'a>, Keep)>,
    armed: bool,
    optional: bool,
}

impl Member<'_> {
    /// Lets the set be registered without this member if there is no such function, or its module is not loaded.
    pub fn optional(&mut self) {
        self.optional = true;
    }
}

impl<'a> Builder<'a> {
    /// Adds a probe of any kind.
    pub(crate) fn add<T, K, E>(
        &mut self,
        target: Target<'a>,
        options: K::Options,
        handler: impl PinInit<T, E>,
    ) -> Result<&mut Member<'a>>
    where
        T: Send + Sync + 'static,
        K: Handles<T> + Handles<Arc<T>>,
        Error: From<E>,
    {
        check_may_register(&target)?;
        target.check()?;
        let mut probes = KVec::new();
        let others = entries_of_32(&target)?;
        if others.is_empty() {
            let keep = Keep::new::<T, K, E>(&target, options, handler)?;
            probes.push((target, keep), GFP_KERNEL)?;
        } else {
            let handler = Arc::pin_init(handler, GFP_KERNEL)?;
            for target in Iterator::chain(core::iter::once(target), others) {
                let keep = Keep::new::<Arc<T>, K, Error>(&target, options, Ok(handler.clone()))?;
                probes.push((target, keep), GFP_KERNEL)?;
            }
        }
        let member = Member {
            probes,
            armed: K::starts_armed(&options),
            optional: false,
        };
        self.members.push(member, GFP_KERNEL)?;
        self.members.last_mut().ok_or(ENOMEM)
    }

    /// Registers all members, or none of them. Process context.
    ///
    /// # Errors
    ///
    /// As for [`Kprobe::new`](crate::Planted::new). The kernel log says which member it was, and why.
    pub fn register(self) -> Result<ProbeSet> {
        let members = self.members.len();
        let count = self.members.iter().map(|member| member.probes.len()).sum();
        let mut armed = KVec::with_capacity(count, GFP_KERNEL)?;
        // INVARIANT: There is room for all, and no registration yet.
        let mut set = ProbeSet {
            registrations: KVec::with_capacity(count, GFP_KERNEL)?,
            members: KVec::with_capacity(members, GFP_KERNEL)?,
            _probes: KVec::with_capacity(count, GFP_KERNEL)?,
            kinds: KVec::new(),
            raws: KVec::with_capacity(count, GFP_KERNEL)?,
        };
        for (i, member) in self.members.into_iter().enumerate() {
            let is_armed = member.armed;
            set.register(member).inspect_err(|_| {
                log!(
                    ERR,
                    "that was probe {} of a set of {}; none is registered\n",
                    i + 1,
                    members
                );
            })?;
            armed.resize(set.registrations.len(), is_armed, GFP_KERNEL)?;
        }
        for (registration, _) in set
            .registrations
            .iter()
            .zip(armed)
            .filter(|(_, armed)| *armed)
        {
            registration.arm()?;
        }
        Ok(set)
    }
}

impl ProbeSet {
    /// An empty set, to be filled and registered.
    pub fn builder<'a>() -> Builder<'a> {
        Builder {
            members: KVec::new(),
        }
    }

    /// Registers a member, disabled, unless it is missing.
    fn register(&mut self, member: Member<'_>) -> Result {
        let begin = self.registrations.len();
        for (target, keep) in member.probes {
            check_may_register(&target)?;
            let location = if member.optional && self.registrations.len() == begin {
                find(&target)?
            } else {
                Some(resolve(&target)?)
            };
            let Some(location) = location else {
                break;
            };
            self.plant(keep, &target, &location)?;
        }
        let end = self.registrations.len();
        self.members.push(Own { begin, end }, GFP_KERNEL)?;
        Ok(())
    }

    /// Registers a probe, disabled.
    fn plant(&mut self, keep: Keep, target: &Target<'_>, location: &Location) -> Result {
        let core = keep.core;
        self._probes.push(keep, GFP_KERNEL)?;
        // SAFETY: The probe is initialised and pinned. It is dropped after the registration, or, if the set is leaked,
        // never.
        let registration = unsafe { Registration::disabled(core, target, location) }?;
        let ops = registration.core().ops();
        // INVARIANT: Its operations are there before it.
        if !self.kinds.iter().any(|kind| kind.is_kind_of(ops)) {
            self.kinds.push(ops, GFP_KERNEL)?;
        }
        self.registrations.push(registration, GFP_KERNEL)?;
        Ok(())
    }

    /// How many probes are planted, those for callers with 32 bits included. Any context.
    pub fn len(&self) -> usize {
        self.registrations.len()
    }

    /// Whether there are none. Any context.
    pub fn is_empty(&self) -> bool {
        self.registrations.is_empty()
    }

    /// The address and the state of each member, in the order in which they were added; none for an
    /// [optional](Member::optional) one whose function does not exist, or that its handler has
    /// [unregistered](crate::Context::unregister_later). Any context.
    ///
    /// For a system call, that is the entry of native callers; the counts are of all callers.
    pub fn stats(&self) -> impl Iterator<Item = Option<(Symbol, Stats)>> + '_ {
        self.members.iter().map(|member| {
            let (registration, others) = self
                .registrations
                .get(member.begin..member.end)?
                .split_first()?;
            let mut stats = registration.stats()?;
            for other in others.iter().filter_map(Registration::stats) {
                stats.missed += other.missed;
                stats.exhausted += other.exhausted;
            }
            Some((Symbol(registration.core().address()), stats))
        })
    }

    /// How many hits and calls no handler was called for, of all members: [`Stats::missed`], [`Stats::exhausted`] and
    /// [`Stats::not_followed`]. Any context.
    pub fn missed(&self) -> u64 {
        self.stats()
            .flatten()
            .map(|(_, stats)| (stats.missed + stats.exhausted + stats.not_followed) as u64)
            .sum()
    }
}

impl Drop for ProbeSet {
    fn drop(&mut self) {
        let registrations = core::mem::take(&mut self.registrations);
        unregister_all(registrations, &self.kinds, &mut self.raws);
    }
}
