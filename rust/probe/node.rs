// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A probe in memory: the kernel's part, what all kinds of probes have besides, and the handler.

use core::{
    cell::UnsafeCell,
    ffi::CStr,
    marker::PhantomPinned,
    mem::offset_of,
    ptr::NonNull,
    sync::atomic::{fence, AtomicU32, Ordering},
};

use kernel::{
    error::to_result,
    prelude::*,
    str::CString,
    sync::atomic::{Atomic, Full, Relaxed},
    types::Opaque,
};

use super::{
    kind::{Handles, Kind},
    overload::{Found, Overload},
    Stats,
};
use crate::{
    bindings,
    place::{Location, Target},
};

/// A probe and its handler, side by side, so that a callback finds the handler without following a pointer.
#[pin_data(PinnedDrop)]
#[repr(C)]
pub(crate) struct Probe<T, K: Kind> {
    /// First, so that what the kernel passes to a callback is also the probe. The kernel writes to it at any time.
    raw: Opaque<K::Raw>,
    core: Core,
    /// Shared with every CPU from its initialisation on.
    #[pin]
    handler: T,
    /// Not `Unpin` whatever `T` is, so that a pinned `&mut` to it is not the claim that nobody else refers to it.
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: The kernel reaches the raw part from any CPU anyhow; a handler is `Send` if `T` is.
unsafe impl<T: Send, K: Kind> Send for Probe<T, K> {}
// SAFETY: What may be done with the raw part and the core may be done anywhere; a handler is `Sync` if `T` is.
unsafe impl<T: Sync, K: Kind> Sync for Probe<T, K> {}

#[pinned_drop]
impl<T, K: Kind> PinnedDrop for Probe<T, K> {
    fn drop(self: Pin<&mut Self>) {
        // SAFETY: It was initialised, and is not used any more: a probe that was registered is dropped after its registration.
        unsafe { self.raw.get().drop_in_place() };
    }
}

impl<T, K: Kind> Probe<T, K> {
    /// A probe that is not registered yet.
    pub(crate) fn new<'a, E>(
        target: &'a Target<'_>,
        options: K::Options,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        K: Handles<T>,
        Error: From<E>,
    {
        try_pin_init!(Self {
            raw: {
                let mut raw = K::Raw::default();
                K::prepare(&mut raw, &options)?;
                Opaque::new(raw)
            },
            core: Core {
                listed: Opaque::zeroed(),
                later: Opaque::zeroed(),
                wanted: Atomic::new(0),
                asked: AtomicU32::new(0),
                found: Found::new(),
                state: Atomic::new(GONE),
                address: UnsafeCell::new(0),
                name: CString::try_from_fmt(fmt!("{}", target))?,
                ops: const { &Ops::of::<T, K>() },
            },
            handler <- handler,
            _pin: PhantomPinned,
        })
    }

    pub(crate) fn handler(&self) -> &T {
        &self.handler
    }

    /// The part that all kinds have; good for reaching the whole probe, too.
    pub(crate) fn core(self: Pin<&Self>) -> NonNull<Core> {
        let probe = core::ptr::from_ref(self.get_ref()).cast_mut();
        // SAFETY: It is part of the probe.
        unsafe { NonNull::new_unchecked(&raw mut (*probe).core) }
    }

    /// The kernel's part, to be written to until the probe is registered.
    pub(crate) fn raw(&self) -> *mut K::Raw {
        self.raw.get()
    }

    /// What all kinds have, and the handler, of the probe that a callback was called for.
    ///
    /// # Safety
    ///
    /// `raw` must be what the kernel passes to a callback of a probe that was prepared for `T`, and `'a` must end with
    /// that call.
    #[inline(always)]
    pub(crate) unsafe fn hit<'a>(raw: *mut K::Raw) -> (&'a Core, &'a T) {
        let probe: *const Self = raw.cast();
        // SAFETY: Only probes are registered by this crate, each with `raw` as its first field, and this one is of
        // `T`. The memory lives until after the last callback.
        unsafe { (&(*probe).core, &(*probe).handler) }
    }
}

/// What all kinds of probes have.
///
/// # Invariants
///
/// It is the `core` of a [`Probe`], of which `ops` are the operations. Unless `state` is `GONE`, the raw part of that
/// may be in the kernel's tables; while it is `REGISTERED`, it is. From its first registration until the [`Registration`](super::registration::Registration)
/// is dropped, or the module's list is drained, it is in that list, and `later` is initialised. It leaves the list when it has ended.
#[repr(C)]
pub(crate) struct Core {
    /// First, so that an entry of the module's list is also this.
    listed: Opaque<bindings::rprobes_probe>,
    later: Opaque<bindings::rprobes_later>,
    /// What is to be done later: one of the constants.
    wanted: Atomic<u32>,
    /// Whether something was wanted since the probe was armed: one of these constants.
    asked: AtomicU32,
    /// What a guard has found, to be said when the probe is disarmed.
    found: Found,
    /// One of the states. Who changes it from `REGISTERED` to `GOING` has to unregister the probe.
    state: Atomic<u32>,
    address: UnsafeCell<usize>,
    /// The target as the author or the user wrote it.
    name: CString,
    ops: &'static Ops,
}

/// Not in the kernel's tables.
const GONE: u32 = 0;
/// In the kernel's tables.
const REGISTERED: u32 = 1;
/// Somebody is unregistering it.
const GOING: u32 = 2;

/// It was wanted by the handler.
const BY_HANDLER: u32 = 1;
/// It was wanted by a guard, which does not call the handler any more.
const BY_GUARD: u32 = 2;

/// To disarm the probe.
const DISABLE: u32 = 1;
/// To unregister the probe.
const UNREGISTER: u32 = 2;

// SAFETY: Lists and works are used under locks of their own, and the rest is atomic or constant while it is shared.
unsafe impl Send for Core {}
// SAFETY: As above.
unsafe impl Sync for Core {}

impl Core {
    /// The probed address.
    #[inline(always)]
    pub(crate) fn address(&self) -> usize {
        // SAFETY: It is written while the probe is being registered, before anybody else can see it.
        unsafe { *self.address.get() }
    }

    /// The target as it was written.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    pub(crate) fn ops(&self) -> &'static Ops {
        self.ops
    }

    /// Whether handlers may still be called.
    pub(crate) fn is_registered(&self) -> bool {
        self.state.load(Relaxed) != GONE
    }

    /// Has the probe disarmed a moment later, in process context. Any context.
    pub(crate) fn disable_later(&self) {
        // To unregister it is more.
        if self.wanted.cmpxchg(0, DISABLE, Relaxed).is_ok() {
            self.queue();
        }
    }

    /// The same for a guard, once until the probe is armed again, or could not be disarmed. The kernel log will say what was found. Any context.
    #[cold]
    pub(super) fn overloaded(&self, overload: Overload) {
        if self.asked.swap(BY_GUARD, Ordering::Relaxed) != BY_GUARD {
            // See `arm`.
            fence(Ordering::SeqCst);
            self.found.put(overload);
            if self.wanted.cmpxchg(0, DISABLE, Relaxed).is_ok() {
                self.raise();
            }
        }
    }

    /// Whether a guard has found that the handler is not to be called.
    #[inline(always)]
    pub(super) fn is_overloaded(&self) -> bool {
        self.asked.load(Ordering::Relaxed) == BY_GUARD
    }

    /// Has the probe unregistered a moment later, in process context. Any context.
    pub(crate) fn unregister_later(&self) {
        if self.wanted.xchg(UNREGISTER, Relaxed) == 0 {
            self.queue();
        }
    }

    fn queue(&self) {
        // What a guard has found stays.
        let _ = self
            .asked
            .compare_exchange(0, BY_HANDLER, Ordering::Relaxed, Ordering::Relaxed);
        self.raise();
    }

    /// Not for each hit, until it is done: queueing raises an interrupt, whose handler may be what is probed.
    fn raise(&self) {
        // SAFETY: A handler of this probe is running, so it is initialised.
        unsafe { bindings::rprobes_later_queue(self.later.get()) };
    }

    /// Whether a handler has asked for the probe to be disarmed or unregistered since it was armed.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) != 0
    }

    /// The kernel's part of the probe.
    ///
    /// # Safety
    ///
    /// `this` must be from [`Probe::core`], or a part of it.
    unsafe fn raw(this: NonNull<Self>) -> *mut c_void {
        // SAFETY: By the type invariants it is in a probe, at that distance.
        unsafe {
            let ops = (*this.as_ptr()).ops;
            this.as_ptr().byte_sub(ops.core_at).cast()
        }
    }

    /// Registers the probe disabled, and puts it in the module's list.
    ///
    /// # Safety
    ///
    /// `this` must be from [`Probe::core`]. The probe must be initialised and pinned, and not be registered, and stay
    /// where it is until [`retire`](Self::retire), or the drain of the module's list, is done with it.
    pub(crate) unsafe fn register(this: NonNull<Self>, location: &Location) -> Result {
        // SAFETY: The core is alive, and only shared with the kernel.
        let core = unsafe { this.as_ref() };
        // SAFETY: It is not in use. The callback does what is asked of it.
        unsafe { bindings::rprobes_later_init(core.later.get(), Some(run_later)) };
        let lock = RegisterLock::new();
        // SAFETY: The caller promises what is asked for, and it was prepared as it was made.
        let address = unsafe { (core.ops.register)(Self::raw(this), location) }?;
        drop(lock);
        // SAFETY: The probe is disabled, so no callback reads it yet, that of a fault included.
        unsafe { *core.address.get() = address };
        // INVARIANT: It is registered, and gets into the list.
        core.state.store(REGISTERED, Relaxed);
        // SAFETY: It is in no list.
        to_result(unsafe { bindings::rprobes_probe_link(core.listed.get()) }).inspect_err(|_| {
            // SAFETY: It was registered here.
            unsafe { Self::end(this) };
        })
    }

    /// For the owner only, before it ends the probe; waits if the drain of the module's list does that.
    ///
    /// # Safety
    ///
    /// The probe must have been registered, and [`retire`](Self::retire) must be called next.
    pub(crate) unsafe fn mark(this: NonNull<Self>) {
        // SAFETY: The core is alive, and was linked.
        unsafe { bindings::rprobes_probe_mark(this.as_ref().listed.get()) };
    }

    /// Takes the probe out of the kernel's tables, unless somebody else does, waits for whatever still uses it, and takes it out of
    /// the module's list. For the owner only.
    ///
    /// # Safety
    ///
    /// The probe must have been registered.
    pub(crate) unsafe fn retire(this: NonNull<Self>) {
        // SAFETY: The core is alive.
        let core = unsafe { this.as_ref() };
        // SAFETY: It was registered, so it was linked. If it is being drained, this waits for that.
        unsafe {
            Self::mark(this);
            Self::end(this);
            bindings::rprobes_probe_unlink(core.listed.get());
        }
    }

    /// Unregisters the probe, unless somebody else does, and waits for whatever still uses it.
    ///
    /// # Safety
    ///
    /// The probe must have been registered.
    pub(crate) unsafe fn end(this: NonNull<Self>) {
        // SAFETY: The core is alive.
        let core = unsafe { this.as_ref() };
        // SAFETY: It was registered.
        if let Some(raw) = unsafe { Self::claim(this) } {
            // SAFETY: It is registered.
            unsafe { (core.ops.unregister)(&mut [raw]) };
            core.state.store(GONE, Relaxed);
        }
        // SAFETY: It is initialised. No handler runs any more that could queue it, or, if it was the work itself that
        // has claimed the probe, none does once that is done, for which this waits first.
        unsafe { bindings::rprobes_later_cancel(core.later.get()) };
    }

    /// The kernel's part of the probe if it is the caller's to unregister it: for one caller only. Nobody arms the
    /// probe any more.
    ///
    /// # Safety
    ///
    /// The probe must have been registered.
    pub(crate) unsafe fn claim(this: NonNull<Self>) -> Option<*mut c_void> {
        // SAFETY: The core is alive.
        let core = unsafe { this.as_ref() };
        core.state.cmpxchg(REGISTERED, GOING, Full).ok()?;
        // Whoever saw that it was registered, and arms it, is done after this.
        drop(RegisterLock::new());
        // SAFETY: It is from `Probe::core`.
        Some(unsafe { Self::raw(this) })
    }

    /// # Errors
    ///
    /// [`EINVAL`] if it is not registered any more, and those of [`Kind::arm`].
    ///
    /// # Safety
    ///
    /// The probe must have been registered.
    pub(crate) unsafe fn arm(this: NonNull<Self>) -> Result<bool> {
        // SAFETY: The core is alive.
        let core = unsafe { this.as_ref() };
        let _lock = RegisterLock::new();
        if core.state.load(Relaxed) != REGISTERED {
            return Err(EINVAL);
        }
        // What was asked for before this is not done after it. A guard asks again once `asked` is 0; then it finds that nothing is
        // wanted, as both change in another order there, with a fence between. So it is never refused for what nobody does.
        let _ = core.wanted.cmpxchg(DISABLE, 0, Relaxed);
        fence(Ordering::SeqCst);
        core.asked.store(0, Ordering::Relaxed);
        // SAFETY: It is from `Probe::core`.
        unsafe { (core.ops.arm)(Self::raw(this)) }
    }

    /// # Safety
    ///
    /// The probe must have been registered.
    pub(crate) unsafe fn disarm(this: NonNull<Self>) -> Result {
        // SAFETY: The core is alive, and from `Probe::core`.
        unsafe { (this.as_ref().ops.disarm)(Self::raw(this)) }
    }

    /// # Safety
    ///
    /// The probe must have been registered.
    pub(crate) unsafe fn stats(this: NonNull<Self>) -> Stats {
        // SAFETY: The core is alive, and from `Probe::core`.
        unsafe { (this.as_ref().ops.stats)(Self::raw(this), this.as_ref().address()) }
    }
}

/// Held while a probe is registered or armed, or disarmed as its handler has asked.
struct RegisterLock(());

impl RegisterLock {
    fn new() -> Self {
        // SAFETY: Process context; it is unlocked on drop, and never taken twice.
        unsafe { bindings::rprobes_register_lock() };
        Self(())
    }
}

impl Drop for RegisterLock {
    fn drop(&mut self) {
        // SAFETY: It was locked here.
        unsafe { bindings::rprobes_register_unlock() };
    }
}

/// What a handler has asked for.
///
/// # Safety
///
/// To be called by the helpers only, with the `later` of a core.
unsafe extern "C" fn run_later(later: *mut bindings::rprobes_later) {
    // SAFETY: It is part of a core, which is alive: its owner cancels the work before it goes.
    let this =
        unsafe { NonNull::new_unchecked(later.byte_sub(offset_of!(Core, later)).cast::<Core>()) };
    // SAFETY: As above.
    let core = unsafe { this.as_ref() };
    // Who arms the probe does that before all of this, or after it.
    let lock = RegisterLock::new();
    let wanted = core.wanted.xchg(0, Full);
    // SAFETY: A handler has asked for it, so the probe was registered.
    unsafe {
        match wanted {
            DISABLE => {
                let disarmed = Core::disarm(this).is_ok();
                if !disarmed {
                    // It is armed still, so its handler is called again, and may ask again.
                    core.asked.store(0, Ordering::Relaxed);
                }
                if let Some(overload) = core.found.take().filter(|_| disarmed) {
                    log!(
                        WARNING,
                        "the probe at {} is disarmed: {}; enable() arms it again\n",
                        core.name(),
                        overload
                    );
                }
            }
            UNREGISTER => {
                drop(lock);
                if let Some(raw) = Core::claim(this) {
                    (core.ops.unregister)(&mut [raw]);
                    core.state.store(GONE, Relaxed);
                }
            }
            _ => {}
        }
    }
}

/// The operations of a [`Kind`], without its type. `raw` is the kernel's part of a probe of that kind.
pub(crate) struct Ops {
    /// How far the core is behind the raw part.
    core_at: usize,
    pub(crate) name: &'static str,
    /// Whether it says itself why it fails.
    pub(crate) explains: bool,
    register: unsafe fn(*mut c_void, &Location) -> Result<usize>,
    pub(crate) unregister: unsafe fn(&mut [*mut c_void]),
    arm: unsafe fn(*mut c_void) -> Result<bool>,
    disarm: unsafe fn(*mut c_void) -> Result,
    stats: unsafe fn(*mut c_void, usize) -> Stats,
    pub(crate) refusal: fn(Error, &Location) -> Option<&'static str>,
}

impl Ops {
    const fn of<T, K: Kind>() -> Self {
        Self {
            core_at: offset_of!(Probe<T, K>, core),
            name: K::NAME,
            explains: K::EXPLAINS,
            register: register::<K>,
            unregister: unregister::<K>,
            arm: arm::<K>,
            disarm: disarm::<K>,
            stats: stats::<K>,
            refusal: K::refusal,
        }
    }

    /// Whether both are operations of the same kind of probe.
    pub(crate) fn is_kind_of(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// # Safety
///
/// As for [`Kind::register`], for a `raw` of `K`.
unsafe fn register<K: Kind>(raw: *mut c_void, location: &Location) -> Result<usize> {
    // SAFETY: The caller promises the same.
    unsafe { K::register(raw.cast(), location) }
}

/// # Safety
///
/// As for [`Kind::unregister`], for `raws` of `K`.
unsafe fn unregister<K: Kind>(raws: &mut [*mut c_void]) {
    // SAFETY: Pointers of either type are alike.
    let raws = unsafe { core::slice::from_raw_parts_mut(raws.as_mut_ptr().cast(), raws.len()) };
    // SAFETY: The caller promises the same.
    unsafe { K::unregister(raws) }
}

/// # Safety
///
/// As for [`Kind::arm`], for a `raw` of `K`.
unsafe fn arm<K: Kind>(raw: *mut c_void) -> Result<bool> {
    // SAFETY: The caller promises the same.
    unsafe { K::arm(raw.cast()) }
}

/// # Safety
///
/// As for [`Kind::disarm`], for a `raw` of `K`.
unsafe fn disarm<K: Kind>(raw: *mut c_void) -> Result {
    // SAFETY: The caller promises the same.
    unsafe { K::disarm(raw.cast()) }
}

/// # Safety
///
/// As for [`Kind::stats`], for a `raw` of `K`.
unsafe fn stats<K: Kind>(raw: *mut c_void, address: usize) -> Stats {
    // SAFETY: The caller promises the same.
    unsafe { K::stats(raw.cast(), address) }
}
