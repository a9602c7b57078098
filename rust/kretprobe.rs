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
//! # What is guaranteed
//!
//! - `ret` gets what `entry` returned for the very same call, also of a function that calls itself, or that sleeps
//!   and returns on another CPU.
//! - `ret` may never come: the task exits inside the function, or the probe is unregistered meanwhile. The data is
//!   then just forgotten, so it must not need [`Drop`].
//! - No more than `maxactive` calls are followed at a time; the others are counted in
//!   [`Stats::exhausted`](crate::Stats). A function that sleeps needs as many as there may be tasks in it.
//!
//! Both handlers run in atomic context: see [`kprobe`](crate::kprobe#what-handlers-may-do).

use core::{
    any::TypeId,
    mem::{align_of, needs_drop, size_of},
    ptr::NonNull,
};

use kernel::{bindings::pt_regs, prelude::*, sync::Arc};

use crate::{
    bindings,
    context::{self, Context, FaultContext, FaultHandler},
    planted::{Planted, Return},
    registration::{Callbacks, Node},
    when_loaded, PtRegs, Target,
};

/// The context of [`Handler::entry`].
pub type EntryContext<'a> = Context<'a, context::Entry>;

/// The context of [`Handler::ret`].
pub type RetContext<'a> = Context<'a, context::Ret>;

/// Whether to follow a call.
pub enum Entry<Data> {
    /// Follow it: `ret` gets this.
    Trace(Data),
    /// Leave it alone: `ret` is not called.
    Skip,
}

/// What a kretprobe does. Implement it with [`#[vtable]`](kernel::macros::vtable).
///
/// `&self` is shared between all CPUs, hence `Send` and `Sync`; `'static`, as a leaked probe goes on until the
/// module is unloaded.
#[vtable]
pub trait Handler: Send + Sync + 'static {
    /// What `entry` keeps for `ret`, for each call. At most 4096 bytes, aligned to 8 at most, and without `Drop`;
    /// `()` if `entry` is not implemented.
    type Data: 'static;

    /// Called at the entry of the function. Atomic context.
    #[doc(alias = "entry_handler")]
    fn entry(&self, _cx: &EntryContext<'_>) -> Entry<Self::Data> {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called when the function has returned. Atomic context.
    #[doc(alias = "handler")]
    fn ret(&self, _cx: &RetContext<'_>, _data: &Self::Data) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called when a `read` of the context faults in `entry` or `ret`. Atomic context.
    fn fault(&self, _cx: &FaultContext<'_>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }
}

/// An [`Arc`] of a handler is one: several probes may share it, and its owner reads what it gathers.
impl<T: Handler> Handler for Arc<T> {
    type OwnerModule = T::OwnerModule;
    type Data = T::Data;
    const USE_VTABLE_ATTR: () = ();
    const HAS_ENTRY: bool = T::HAS_ENTRY;
    const HAS_RET: bool = T::HAS_RET;
    const HAS_FAULT: bool = T::HAS_FAULT;

    #[inline(always)]
    fn entry(&self, cx: &EntryContext<'_>) -> Entry<Self::Data> {
        T::entry(self, cx)
    }

    #[inline(always)]
    fn ret(&self, cx: &RetContext<'_>, data: &Self::Data) {
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
pub type Kretprobe<T> = Planted<T, Return>;

/// A kretprobe in a module that need not be loaded yet.
pub type WhenLoaded<T> = when_loaded::WhenLoaded<T, Return>;

/// How a return probe is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// How many calls are followed at a time; 0 for the kernel's choice, twice the number of CPUs and at least 10.
    pub maxactive: u16,
    /// Whether it is disabled until [`Kretprobe::enable`].
    pub disabled: bool,
}

impl<T: Handler> Planted<T, Return> {
    /// Plants a return probe at the function `target`. The handler is initialised first.
    ///
    /// Process context; takes a while (0.7 s in an emulated machine), as it makes sure that the name is not that of several functions.
    ///
    /// # Errors
    ///
    /// As for [`Kprobe::new`](crate::kprobe::Kprobe::new), and [`EINVAL`] if the target is not the entry of a
    /// function. The kernel log names the cause and the cure in one line; nothing is left registered.
    #[doc(alias = "register_kretprobe")]
    pub fn new<'a, E>(
        target: Target<'a>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        Self::with(target, Options::default(), handler)
    }

    /// As [`new`](Self::new), with options.
    #[doc(alias = "maxactive")]
    pub fn with<'a, E>(
        target: Target<'a>,
        options: Options,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        let callbacks = callbacks::<T>(options.maxactive);
        // SAFETY: The callbacks are those of `T`, which is a handler.
        unsafe { Self::init(target, callbacks, !options.disabled, handler) }
    }
}

pub(crate) fn callbacks<T: Handler>(maxactive: u16) -> Result<Callbacks> {
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
    Ok(Callbacks::Kretprobe {
        entry: if T::HAS_ENTRY { Some(entry::<T>) } else { None },
        ret: if T::HAS_RET { Some(ret::<T>) } else { None },
        data_size: size_of::<T::Data>(),
        maxactive: maxactive.into(),
    })
}

fn fault_of<T: Handler>() -> Option<FaultHandler> {
    fn call<T: Handler>(node: &Node, cx: &FaultContext<'_>) {
        // SAFETY: Called with a node that was registered with a `T`, while a callback of it runs.
        T::fault(unsafe { node.handler() }, cx);
    }
    if T::HAS_FAULT {
        Some(call::<T>)
    } else {
        None
    }
}

/// Where the data of a call is.
#[inline(always)]
fn data<T: Handler>(instance: *mut bindings::kretprobe_instance) -> *mut T::Data {
    if size_of::<T::Data>() == 0 {
        return NonNull::dangling().as_ptr();
    }
    instance
        .wrapping_byte_add(bindings::RPROBES_INSTANCE_DATA as usize)
        .cast()
}

/// # Safety
///
/// To be called by the kernel only, as the `entry_handler` of a node that was registered with a `T`.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn entry<T: Handler>(
    instance: *mut bindings::kretprobe_instance,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes an instance of the probe, and registers of this CPU.
    let (node, regs) = unsafe { (Node::from_instance(instance), PtRegs::from_ptr(regs)) };
    let Some(node) = node else {
        return 1;
    };
    let cx = Context::new(node, regs, context::Entry, fault_of::<T>());
    // SAFETY: The node was registered with a `T`.
    match T::entry(unsafe { node.handler() }, &cx) {
        Entry::Trace(value) => {
            // SAFETY: The instance has `data_size` bytes for this call, aligned to a machine word.
            unsafe { data::<T>(instance).write(value) };
            0
        }
        Entry::Skip => 1,
    }
}

/// # Safety
///
/// To be called by the kernel only, as the `handler` of a node that was registered with a `T`.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn ret<T: Handler>(
    instance: *mut bindings::kretprobe_instance,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes an instance of the probe, and registers of this CPU.
    let (node, regs) = unsafe { (Node::from_instance(instance), PtRegs::from_ptr(regs)) };
    let Some(node) = node else {
        return 0;
    };
    let cx = Context::new(node, regs, context::Ret, fault_of::<T>());
    // SAFETY: `entry` has written it for this call; without `entry` it is `()`, see `callbacks`. The node was
    // registered with a `T`.
    let (handler, data) = unsafe { (node.handler::<T>(), &*data::<T>(instance)) };
    T::ret(handler, &cx, data);
    // The kernel ignores it.
    0
}
