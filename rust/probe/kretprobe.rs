// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes on the return of functions.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h);
//! documentation: [`Documentation/trace/kprobes.rst`](srctree/Documentation/trace/kprobes.rst)
//!
//! ```text
//!  the function is called     Handler::entry(&self, &EntryContext)
//!      |                          |                  |
//!      |                  Entry::Trace(data)    Entry::Skip
//!      |                          |                  |
//!      v                          v                  v
//!  it runs, may sleep     data waits for it      nothing
//!      |                          |
//!      v                          v
//!  it returns             Handler::ret(&self, &RetContext, &data)
//! ```
//!
//! # Guarantees
//!
//! - `ret` gets what `entry` returned for the very same call, even of a function that calls itself, or that sleeps
//!   and returns on another CPU.
//! - `ret` may never be called: the task exits inside the function, or the probe is unregistered meanwhile. The data is
//!   then simply forgotten, so it must not need [`Drop`].
//! - At most `maxactive` calls are followed at a time; others are counted in [`Stats::exhausted`](crate::Stats). A
//!   function that sleeps needs as many as there may be tasks in it.
//!
//! Both handlers run in atomic context: see [`kprobe`](crate::kprobe#what-handlers-may-do).

use core::{
    any::TypeId,
    marker::PhantomData,
    mem::{align_of, needs_drop, size_of},
    ptr::NonNull,
};

use kernel::{bindings::pt_regs, error::to_result, prelude::*, sync::Arc};

use super::{
    context::{self, Context, FaultContext, FaultHandler},
    kind::{Handles, Kind},
    node::{Core, Probe},
    planted::Planted,
    set::{Builder, Member},
    struct_kprobe, when_loaded, Stats,
};
use crate::{
    bindings::{self, kretprobe},
    errno,
    machine::PtRegs,
    place::{Location, Target},
    types::{Raw, Signature},
};

/// The context of [`Handler::entry`].
pub type EntryContext<'a, F = Raw> = Context<'a, context::Entry, F>;

/// The context of [`Handler::ret`].
pub type RetContext<'a, F = Raw> = Context<'a, context::Ret, F>;

/// Whether to follow a call.
pub enum Entry<Data> {
    /// Follow it: `ret` gets this.
    Trace(Data),
    /// Leave it alone: `ret` is not called.
    Skip,
}

/// What a kretprobe does. Implement it with [`#[vtable]`](kernel::macros::vtable).
///
/// `F` is the function that it is for, if that is named by [`kernel_types!`](crate::kernel_types!): then the context has its
/// arguments and its result, and it can be planted there only.
///
/// `&self` is shared between all CPUs, hence `Send` and `Sync`; `'static`, as a leaked probe goes on until the
/// module is unloaded.
#[vtable]
pub trait Handler<F: Signature = Raw>: Send + Sync + 'static {
    /// What `entry` keeps for `ret`, for each call: `()` if `entry` is not implemented. At most 4096 bytes, aligned to 8
    /// at most, and without `Drop`. `Send`, as a call that sleeps may return on another CPU.
    type Data: Send + 'static;

    /// Called at the entry of the function. Atomic context.
    #[doc(alias = "entry_handler")]
    fn entry(&self, _cx: &EntryContext<'_, F>) -> Entry<Self::Data> {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called when the function has returned. Atomic context.
    #[doc(alias = "handler")]
    fn ret(&self, _cx: &RetContext<'_, F>, _data: &Self::Data) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called when a `read` of the context faults in `entry` or `ret`. Atomic context.
    fn fault(&self, _cx: &FaultContext<'_>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }
}

/// An [`Arc`] of a handler is one: several probes may share it, and its owner reads what it gathers.
impl<F: Signature, T: Handler<F>> Handler<F> for Arc<T> {
    #[cfg(have_owner_module)]
    type OwnerModule = T::OwnerModule;
    type Data = T::Data;
    const USE_VTABLE_ATTR: () = ();
    const HAS_ENTRY: bool = T::HAS_ENTRY;
    const HAS_RET: bool = T::HAS_RET;
    const HAS_FAULT: bool = T::HAS_FAULT;

    #[inline(always)]
    fn entry(&self, cx: &EntryContext<'_, F>) -> Entry<Self::Data> {
        T::entry(self, cx)
    }

    #[inline(always)]
    fn ret(&self, cx: &RetContext<'_, F>, data: &Self::Data) {
        T::ret(self, cx, data);
    }

    #[inline(always)]
    fn fault(&self, cx: &FaultContext<'_>) {
        T::fault(self, cx);
    }
}

/// A probe on the entry and the return of one function, armed from its initialisation until it is dropped.
///
/// Wraps `struct kretprobe` with `register_kretprobe()` and `unregister_kretprobe()`.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, time::{Instant, Monotonic}};
/// use rprobes::{kretprobe::{self, Entry, EntryContext, Kretprobe, RetContext}, Target};
///
/// struct Time;
///
/// #[vtable]
/// impl kretprobe::Handler for Time {
///     type Data = Instant<Monotonic>;
///
///     fn entry(&self, _cx: &EntryContext<'_>) -> Entry<Self::Data> {
///         Entry::Trace(Instant::now())
///     }
///
///     fn ret(&self, cx: &RetContext<'_>, begun: &Self::Data) {
///         pr_info!("{} returned {} after {} ns\n", cx.target(), cx.return_value(), begun.elapsed().as_nanos());
///     }
/// }
///
/// fn example() -> Result<Pin<KBox<Kretprobe<Time>>>> {
///     KBox::pin_init(Kretprobe::new(Target::symbol(c"vfs_read"), Time), GFP_KERNEL)
/// }
/// ```
#[doc(alias = "register_kretprobe")]
pub type Kretprobe<T, F = Raw> = Planted<T, Return<F>>;

/// A kretprobe in a module that need not be loaded yet.
pub type WhenLoaded<T, F = Raw> = when_loaded::WhenLoaded<T, Return<F>>;

/// How a return probe is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How many calls are followed at a time; 0 for the kernel's choice, twice the number of CPUs and at least 10.
    pub maxactive: u16,
    /// Whether it is disabled until [`Kretprobe::enable`].
    pub disabled: bool,
}

impl Options {
    /// Follows `maxactive` calls at a time. Any context.
    ///
    /// # Examples
    ///
    /// ```
    /// use rprobes::kretprobe::Options;
    ///
    /// const MANY: Options = Options::maxactive(100);
    /// ```
    pub const fn maxactive(maxactive: u16) -> Self {
        Self {
            maxactive,
            disabled: false,
        }
    }
}

/// The kind of a [`Kretprobe`].
pub struct Return<F = Raw>(PhantomData<fn() -> F>);

impl<F: Signature> Kind for Return<F> {
    type Function = F;
    type Raw = kretprobe;
    type Options = Options;

    const NAME: &'static str = "return probe";
    const DISABLED: Options = Options {
        maxactive: 0,
        disabled: true,
    };

    fn starts_armed(options: &Options) -> bool {
        !options.disabled
    }

    unsafe fn register(raw: *mut kretprobe, location: &Location) -> Result<usize> {
        // SAFETY: It is not registered, so nobody else uses it, and it begins with its `struct kprobe`.
        unsafe { struct_kprobe::locate(raw.cast(), location) };
        // SAFETY: It is filled in, and stays where it is until it is unregistered.
        to_result(unsafe { bindings::register_kretprobe(raw) })?;
        // SAFETY: It is registered, and disabled.
        Ok(unsafe { struct_kprobe::address(raw.cast()) })
    }

    unsafe fn unregister(raws: &mut [*mut kretprobe]) {
        for raw in &*raws {
            // SAFETY: It is registered.
            unsafe { bindings::rprobes_kprobe_disable(raw.cast()) };
        }
        // SAFETY: All of them are registered and disabled, and nobody arms them any more, see `Core::claim`.
        unsafe { bindings::unregister_kretprobes(raws.as_mut_ptr(), raws.len() as c_int) }
    }

    unsafe fn arm(raw: *mut kretprobe) -> Result<bool> {
        // SAFETY: It begins with a `struct kprobe`, and the caller promises the rest.
        unsafe { struct_kprobe::arm(raw.cast()) }
    }

    unsafe fn disarm(raw: *mut kretprobe) -> Result {
        // SAFETY: As above.
        unsafe { struct_kprobe::disarm(raw.cast()) }
    }

    unsafe fn stats(raw: *mut kretprobe, address: usize) -> Stats {
        // SAFETY: As above; the number is an integer in live memory.
        unsafe {
            Stats {
                exhausted: (&raw const (*raw).nmissed).read_volatile() as usize,
                ..struct_kprobe::stats(raw.cast(), address)
            }
        }
    }

    fn refusal(error: Error, location: &Location) -> Option<&'static str> {
        match error {
            EINVAL if location.offset != 0 => {
                Some("it must be at the entry of a function, so without an offset")
            }
            _ if errno::is(error, kernel::bindings::EOPNOTSUPP) => {
                Some("this kernel is built without CONFIG_KRETPROBES")
            }
            _ => None,
        }
    }
}

impl<F: Signature, T: Handler<F>> Handles<T> for Return<F> {
    fn prepare(raw: &mut kretprobe, options: &Options) -> Result {
        check_data::<F, T>()?;
        raw.entry_handler = if T::HAS_ENTRY {
            Some(entry::<F, T>)
        } else {
            None
        };
        raw.handler = if T::HAS_RET { Some(ret::<F, T>) } else { None };
        raw.data_size = size_of::<T::Data>();
        raw.maxactive = options.maxactive.into();
        Ok(())
    }
}

/// Refuses data that cannot be kept for a call, at compile time where that is possible.
pub(super) fn check_data<F: Signature, T: Handler<F>>() -> Result {
    const {
        assert!(
            !needs_drop::<T::Data>(),
            "the per-call Data of a kretprobe must not need Drop: a call may never return, and Data is then forgotten"
        );
        assert!(
            size_of::<T::Data>() <= bindings::KRETPROBE_MAX_DATA_SIZE as usize,
            "the per-call Data of a kretprobe is larger than the 4096 bytes that the kernel allows"
        );
        assert!(
            align_of::<T::Data>() <= align_of::<usize>()
                && bindings::RPROBES_INSTANCE_DATA as usize % align_of::<usize>() == 0,
            "the per-call Data of a kretprobe is aligned to more than a machine word"
        );
    }
    if !T::HAS_ENTRY && TypeId::of::<T::Data>() != TypeId::of::<()>() {
        log!(
            ERR,
            "a kretprobe with per-call Data must implement entry, which makes the Data\n"
        );
        return Err(EINVAL);
    }
    Ok(())
}

impl<'a> Builder<'a> {
    /// Adds a return probe. Nothing is registered yet.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or the error of the handler's initialiser.
    pub fn kretprobe<F, T, E>(
        &mut self,
        target: Target<'a, F>,
        options: Options,
        handler: impl PinInit<T, E>,
    ) -> Result<&mut Member<'a>>
    where
        F: Signature,
        T: Handler<F>,
        Error: From<E>,
    {
        self.add::<T, Return<F>, E>(target.raw(), options, handler)
    }
}

#[inline(always)]
pub(super) fn fault_of<F: Signature, T: Handler<F>>(handler: &T) -> Option<FaultHandler<'_>> {
    /// # Safety
    ///
    /// `handler` must point to a `T`.
    unsafe fn call<F: Signature, T: Handler<F>>(handler: *const (), cx: &FaultContext<'_>) {
        // SAFETY: The caller promises that.
        T::fault(unsafe { &*handler.cast::<T>() }, cx);
    }
    // SAFETY: It is a `T`.
    T::HAS_FAULT.then(|| unsafe { FaultHandler::new(handler, call::<F, T>) })
}

/// The probe that a callback was called for; null if the probe is gone.
///
/// # Safety
///
/// `instance` must be what the kernel passes to a callback.
#[inline(always)]
pub(super) unsafe fn of_instance(instance: *mut bindings::kretprobe_instance) -> *mut kretprobe {
    // SAFETY: The instance holds a pointer to its holder, which lives as long as the instance.
    let holder: *const u8 = unsafe {
        instance
            .byte_add(bindings::RPROBES_INSTANCE_HOLDER as usize)
            .cast::<*const u8>()
            .read()
    };
    // SAFETY: The holder holds a pointer to the `struct kretprobe`. Without rethook it is cleared when the probe is
    // unregistered.
    unsafe {
        holder
            .byte_add(bindings::RPROBES_HOLDER_PROBE as usize)
            .cast::<*mut kretprobe>()
            .read_volatile()
    }
}

/// What all kinds have, and the handler, of the probe that a callback was called for; none if the probe is gone.
///
/// # Safety
///
/// `instance` must be what the kernel passes to a callback of a probe that was prepared for `T`, and `'a` must end
/// with that call.
#[inline(always)]
unsafe fn hit<'a, F: Signature, T>(
    instance: *mut bindings::kretprobe_instance,
) -> Option<(&'a Core, &'a T)> {
    // SAFETY: The caller promises the same.
    let raw = unsafe { of_instance(instance) };
    // SAFETY: Unregistering waits for callbacks that are running, and no other begins. The rest is as the caller
    // promises.
    (!raw.is_null()).then(|| unsafe { Probe::<T, Return<F>>::hit(raw) })
}

/// Where the data of a call is.
#[inline(always)]
pub(super) fn data<D>(instance: *mut bindings::kretprobe_instance) -> *mut D {
    if size_of::<D>() == 0 {
        return NonNull::dangling().as_ptr();
    }
    instance
        .wrapping_byte_add(bindings::RPROBES_INSTANCE_DATA as usize)
        .cast()
}

/// # Safety
///
/// To be called by the kernel only, as the `entry_handler` of a probe that was prepared for `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn entry<F: Signature, T: Handler<F>>(
    instance: *mut bindings::kretprobe_instance,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes an instance of the probe, and registers of this CPU.
    let (hit, regs) = unsafe { (hit::<F, T>(instance), PtRegs::from_ptr(regs)) };
    let Some((core, handler)) = hit else {
        return 1;
    };
    let cx = Context::new(core, regs, context::Entry, fault_of::<F, T>(handler));
    match T::entry(handler, &cx) {
        Entry::Trace(value) => {
            // SAFETY: The instance has `data_size` bytes for this call, aligned to a machine word.
            unsafe { data::<T::Data>(instance).write(value) };
            0
        }
        Entry::Skip => 1,
    }
}

/// # Safety
///
/// To be called by the kernel only, as the `handler` of a probe that was prepared for `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn ret<F: Signature, T: Handler<F>>(
    instance: *mut bindings::kretprobe_instance,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes an instance of the probe, and registers of this CPU.
    let (hit, regs) = unsafe { (hit::<F, T>(instance), PtRegs::from_ptr(regs)) };
    let Some((core, handler)) = hit else {
        return 0;
    };
    let cx = Context::new(core, regs, context::Ret, fault_of::<F, T>(handler));
    // SAFETY: `entry` has written it for this call; without `entry` it is `()`, see `prepare`.
    T::ret(handler, &cx, unsafe { &*data::<T::Data>(instance) });
    // The kernel ignores it.
    0
}
