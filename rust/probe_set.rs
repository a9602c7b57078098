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
//! Handlers run as those of single probes do: see [`kprobe`] and [`kretprobe`], which
//! also say what is guaranteed. Arming goes from probe to probe, so for a moment some see hits and others do not; if
//! one can not be armed, those before it may have been called already when all are unregistered.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)

use core::ptr::NonNull;

use kernel::prelude::*;

use crate::{
    bindings, kprobe, kretprobe,
    registration::{
        check_may_register, check_unambiguous, unregister_all, Callbacks, Node, Probe,
        Registration, Stats,
    },
    Symbol, Target,
};

/// Kprobes and return probes that are registered together. Dropped, they are unregistered together.
///
/// Stands on `unregister_kprobes()` and `unregister_kretprobes()`: waiting for running handlers takes milliseconds
/// each time, and here it is done once for all kprobes and once for all return probes.
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
/// `probes` has the probes of `registrations`, and `kps` and `rps` have room for all of them.
#[doc(alias = "register_kprobes")]
#[doc(alias = "unregister_kprobes")]
#[doc(alias = "register_kretprobes")]
#[doc(alias = "unregister_kretprobes")]
pub struct ProbeSet {
    registrations: KVec<Registration>,
    /// Dropped after they are unregistered, see `drop`.
    probes: KVec<Keep>,
    kps: KVec<*mut bindings::kprobe>,
    rps: KVec<*mut bindings::kretprobe>,
}

// SAFETY: Handlers are `Send`, and the pointers are used in `drop` only.
unsafe impl Send for ProbeSet {}
// SAFETY: Handlers are `Sync`, and the pointers are used in `drop` only.
unsafe impl Sync for ProbeSet {}

/// A probe with a handler of any type, kept until this is dropped. The kernel's `Box` does not coerce to a trait
/// object with the compilers of today.
///
/// # Invariants
///
/// `node` came out of a box of what `free` expects, and belongs to this.
struct Keep {
    node: NonNull<Node>,
    free: unsafe fn(NonNull<Node>),
}

impl Keep {
    fn new<T, E>(
        target: &Target<'_>,
        callbacks: Callbacks,
        handler: impl PinInit<T, E>,
    ) -> Result<Self>
    where
        Error: From<E>,
    {
        /// # Safety
        ///
        /// `node` must have come out of a box of a `Probe<T>`, and is not used after this.
        unsafe fn free<T>(node: NonNull<Node>) {
            // SAFETY: The caller promises that.
            drop(unsafe { KBox::<Probe<T>>::from_raw(node.as_ptr().cast()) });
        }
        check_may_register(target)?;
        let probe = KBox::pin_init::<Error>(Probe::new(target, callbacks, handler), GFP_KERNEL)?;
        // SAFETY: It is not moved until it is dropped.
        let probe: KBox<Probe<T>> = unsafe { Pin::into_inner_unchecked(probe) };
        // INVARIANT: It comes out of the box here.
        Ok(Self {
            node: NonNull::from(KBox::leak(probe)).cast(),
            free: free::<T>,
        })
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        unsafe { (self.free)(self.node) }
    }
}

/// Collects the members of a [`ProbeSet`].
pub struct Builder<'a> {
    members: KVec<Member<'a>>,
}

struct Member<'a> {
    target: Target<'a>,
    keep: Keep,
    armed: bool,
}

impl<'a> Builder<'a> {
    /// Adds a kprobe. Nothing is registered yet.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or the error of the handler's initialiser.
    pub fn kprobe<T, E>(&mut self, target: Target<'a>, handler: impl PinInit<T, E>) -> Result
    where
        T: kprobe::Handler,
        Error: From<E>,
    {
        self.add(target, handler, kprobe::callbacks::<T>(), true)
    }

    /// Adds a return probe. Nothing is registered yet.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or the error of the handler's initialiser.
    pub fn kretprobe<T, E>(
        &mut self,
        target: Target<'a>,
        options: kretprobe::Options,
        handler: impl PinInit<T, E>,
    ) -> Result
    where
        T: kretprobe::Handler,
        Error: From<E>,
    {
        let callbacks = kretprobe::callbacks::<T>(options.maxactive)?;
        self.add(target, handler, callbacks, !options.disabled)
    }

    fn add<T, E>(
        &mut self,
        target: Target<'a>,
        handler: impl PinInit<T, E>,
        callbacks: Callbacks,
        armed: bool,
    ) -> Result
    where
        T: Send + Sync + 'static,
        Error: From<E>,
    {
        let member = Member {
            target,
            keep: Keep::new(&target, callbacks, handler)?,
            armed,
        };
        self.members.push(member, GFP_KERNEL)?;
        Ok(())
    }

    /// Registers all members, or none of them. Process context.
    ///
    /// # Errors
    ///
    /// As for [`Kprobe::new`](kprobe::Kprobe::new). The kernel log says which member it was, and why.
    pub fn register(self) -> Result<ProbeSet> {
        let count = self.members.len();
        let mut armed = KVec::with_capacity(count, GFP_KERNEL)?;
        // INVARIANT: There is room for all, and each probe is put in before its registration.
        let mut set = ProbeSet {
            registrations: KVec::with_capacity(count, GFP_KERNEL)?,
            probes: KVec::with_capacity(count, GFP_KERNEL)?,
            kps: KVec::with_capacity(count, GFP_KERNEL)?,
            rps: KVec::with_capacity(count, GFP_KERNEL)?,
        };
        for (i, member) in self.members.into_iter().enumerate() {
            let node = member.keep.node;
            set.probes.push(member.keep, GFP_KERNEL)?;
            // SAFETY: The probe is initialised and pinned. It is dropped after the registration, or, if the set is
            // leaked, never.
            let registration = unsafe { Registration::disabled(node, &member.target) };
            let registration = registration.inspect_err(|_| {
                log!(
                    ERR,
                    "that was probe {} of a set of {}; none is registered\n",
                    i + 1,
                    count
                );
            })?;
            set.registrations.push(registration, GFP_KERNEL)?;
            armed.push(member.armed, GFP_KERNEL)?;
        }
        check_unambiguous(&set.registrations)?;
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

    /// How many probes there are. Any context.
    pub fn len(&self) -> usize {
        self.registrations.len()
    }

    /// Whether there are none. Any context.
    pub fn is_empty(&self) -> bool {
        self.registrations.is_empty()
    }

    /// The address and the state of each probe, in the order in which they were added. Any context.
    pub fn stats(&self) -> impl Iterator<Item = (Symbol, Stats)> + '_ {
        self.registrations
            .iter()
            .map(|r| (Symbol(r.node().address()), r.node().stats()))
    }
}

impl Drop for ProbeSet {
    fn drop(&mut self) {
        let registrations = core::mem::take(&mut self.registrations);
        unregister_all(registrations, &mut self.kps, &mut self.rps);
    }
}
