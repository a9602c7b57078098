// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes on single instructions.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h);
//! documentation: [`Documentation/trace/kprobes.rst`](srctree/Documentation/trace/kprobes.rst)
//!
//! ```text
//!  Kprobe::new                       a CPU reaches the probed instruction
//!      |                                          |
//!      v                                          v
//!  registered, armed   ---------------->   Handler::pre(&self, &PreContext)
//!      |                                          |
//!      |                                   the instruction is executed
//!      |                                          |
//!      |                                   Handler::post(&self, &PostContext)
//!      |
//!      |<--- Kprobe::enable
//!      |---> Kprobe::disable:  registered, disarmed (as after Kprobe::new_disabled)
//!      |---> the probed module is unloaded:  gone; it can only be dropped
//!      v
//!  drop: unregistered
//! ```
//!
//! [`WhenLoaded`] is for a function in a module that comes and goes.
//!
//! # What is guaranteed
//!
//! - The handler is initialised before it can be called, and is dropped after its last call has ended. Once
//!   [`disable`](Planted::disable), [`unregister`](Planted::unregister) or `drop` has returned, no new call begins; once
//!   `unregister` or `drop` has, none is running.
//! - A probe that could not be planted leaves nothing behind, and the kernel log names the cause in one line.
//! - A probe that is forgotten is unregistered when the module is unloaded.
//! - Several probes at one address are called in the order in which they were planted.
//!
//! Not guaranteed is that each hit is seen: see below. Nor does the kernel keep a probed module from being unloaded; and
//! Linux 7.3 may plant a probe into memory that is being freed if the module's own initialisation fails at the moment
//! of registration. [`WhenLoaded`] does not suffer from that.
//!
//! # What handlers may do
//!
//! They run in atomic context, on any CPU and on several at once, so the state that they share is in atomics, in
//! [`Counters`](crate::Counters) or in a [`Ring`](crate::Ring). They must not sleep, so not take a mutex nor allocate
//! with `GFP_KERNEL`; a kernel with `CONFIG_DEBUG_ATOMIC_SLEEP` tells of it. A probe that is hit while a handler runs
//! on the same CPU is skipped and counted in [`Stats::missed`](crate::Stats), also one in a function that the handler
//! itself calls, so a handler can not call itself.
//!
//! A handler may come in the middle of anything, which is what C programmers ran into:
//!
//! - *A lock that is taken in handlers and outside of them* stops the machine if the probed function is called, by an
//!   interrupt perhaps, on the CPU that holds it. Let it be a `SpinLockIrq`, and call nothing that is probed with it
//!   held; better do without.
//! - *Unlocking with `_bh`*, in C code that a handler calls, runs softirqs inside the probe.
//! - *Locks may be probed*, `_raw_spin_lock` for example; their hits are many, and some are missed, as the kernel takes
//!   them on the way to a handler, too.
//! - *The probed address is not for calling*: it may lie past the landing pad (ENDBR) that a call must meet.
//!
//! # Cost
//!
//! A probe at the entry of a function goes through ftrace where the architecture allows it (x86), others through
//! a breakpoint, which the kernel may replace by a jump a moment after registration. Implementing
//! [`post`](Handler::post) forbids that jump, and at the entry of a function it and livepatch exclude each other:
//! leave it out if it has nothing to do.

use kernel::{bindings::pt_regs, prelude::*, sync::Arc};

use crate::{
    bindings,
    context::{Context, Fault, FaultContext, FaultHandler, Post, Pre},
    planted::{Instruction, Planted},
    registration::{Callbacks, Node},
    when_loaded, PtRegs, Target,
};

/// What a kprobe does when it is hit. Implement it with [`#[vtable]`](kernel::macros::vtable).
///
/// `&self` is shared between all CPUs, hence `Send` and `Sync`; `'static`, as a leaked probe goes on until the
/// module is unloaded.
#[vtable]
pub trait Handler: Send + Sync + 'static {
    /// Called before the probed instruction is executed. Atomic context.
    #[doc(alias = "pre_handler")]
    fn pre(&self, _cx: &PreContext<'_>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called after the probed instruction was executed. Atomic context.
    ///
    /// See [Cost](self#cost) for what implementing it costs.
    #[doc(alias = "post_handler")]
    fn post(&self, _cx: &PostContext<'_>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called when a `read` of the context faults in `pre` or `post`; and on x86 when the probed instruction itself
    /// traps, with the registers of that moment, the trap number, and for a page fault the address. It only
    /// looks: the kernel handles the trap as it would have. Atomic context.
    ///
    /// Not seen are traps of instructions that the kernel emulates instead of executing them, such as CALL, and
    /// general protection faults that the kernel mends by an exception table. Arm64 shows a module no traps of
    /// instructions. Implementing this costs what [`post`](Self::post) costs; a probe without it costs nothing.
    #[doc(alias = "fault_handler")]
    fn fault(&self, _cx: &FaultContext<'_>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Whether [`pre`](Self::pre) makes the CPU go on elsewhere, with
    /// [`PtRegs::set_ip`] or [`PtRegs::return_early`]. It costs what [`post`](Self::post) costs.
    const REDIRECTS: bool = false;
}

/// An [`Arc`] of a handler is one: several probes may share it, and its owner reads what it gathers.
impl<T: Handler> Handler for Arc<T> {
    type OwnerModule = T::OwnerModule;
    const USE_VTABLE_ATTR: () = ();
    const HAS_PRE: bool = T::HAS_PRE;
    const HAS_POST: bool = T::HAS_POST;
    const HAS_FAULT: bool = T::HAS_FAULT;
    const REDIRECTS: bool = T::REDIRECTS;

    #[inline(always)]
    fn pre(&self, cx: &PreContext<'_>) {
        T::pre(self, cx);
    }

    #[inline(always)]
    fn post(&self, cx: &PostContext<'_>) {
        T::post(self, cx);
    }

    #[inline(always)]
    fn fault(&self, cx: &FaultContext<'_>) {
        T::fault(self, cx);
    }
}

/// The context of [`Handler::pre`].
pub type PreContext<'a> = Context<'a, Pre>;

/// The context of [`Handler::post`].
pub type PostContext<'a> = Context<'a, Post>;

/// A probe on one instruction, armed from its initialisation until it is dropped.
///
/// Wraps `struct kprobe` with `register_kprobe()` and `unregister_kprobe()`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, Kprobe, PreContext}, Target};
///
/// struct Say;
///
/// #[vtable]
/// impl kprobe::Handler for Say {
///     fn pre(&self, cx: &PreContext<'_>) {
///         pr_info!("{} was reached\n", cx.address());
///     }
/// }
///
/// #[pin_data]
/// struct Example {
///     #[pin]
///     probe: Kprobe<Say>,
/// }
///
/// fn example() -> impl PinInit<Example, Error> {
///     try_pin_init!(Example {
///         probe <- Kprobe::new(Target::symbol(c"vfs_read"), Say),
///     })
/// }
/// ```
#[doc(alias = "register_kprobe", alias = "dump_kprobe")]
pub type Kprobe<T> = Planted<T, Instruction>;

/// A kprobe in a module that need not be loaded yet.
pub type WhenLoaded<T> = when_loaded::WhenLoaded<T, Instruction>;

impl<T: Handler> Planted<T, Instruction> {
    /// Plants a probe at `target`. The handler is initialised first, as it may be called before this returns.
    ///
    /// Process context; takes a while (0.7 s in an emulated machine), as it makes sure that the name is not that of several functions.
    ///
    /// # Errors
    ///
    /// The kernel log names the cause and the cure in one line; nothing is left registered.
    ///
    /// - [`ENOENT`]: no such function.
    /// - [`EADDRNOTAVAIL`]: several functions have this name.
    /// - [`EILSEQ`]: the offset is inside an instruction (x86).
    /// - [`EINVAL`]: the kernel does not allow a probe there.
    /// - [`EOPNOTSUPP`]: the instruction can not be executed out of line.
    /// - [`ENAMETOOLONG`]: the name is longer than the kernel's names are.
    /// - [`EBUSY`]: probes are switched off on this machine; or the handler has a `post` and there is a probe without
    ///   one, which ftrace calls and the kernel can not switch over.
    /// - [`EDEADLK`]: called in atomic context, such as a handler.
    /// - [`ENOMEM`]: out of memory.
    #[doc(alias = "register_kprobe")]
    pub fn new<'a, E>(
        target: Target<'a>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        // SAFETY: The callbacks are those of `T`, which is a handler.
        unsafe { Self::init(target, Ok(callbacks::<T>()), true, handler) }
    }

    /// As [`new`](Self::new), but the probe is disabled until [`enable`](Self::enable) is called.
    #[doc(alias = "KPROBE_FLAG_DISABLED")]
    pub fn new_disabled<'a, E>(
        target: Target<'a>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        // SAFETY: The callbacks are those of `T`, which is a handler.
        unsafe { Self::init(target, Ok(callbacks::<T>()), false, handler) }
    }
}

pub(crate) fn callbacks<T: Handler>() -> Callbacks {
    Callbacks::Kprobe {
        pre: if T::HAS_PRE { Some(pre::<T>) } else { None },
        // An optimised probe can not redirect, and does not execute the instruction where its traps are looked for;
        // one with a post handler is not optimised.
        post: if T::HAS_POST || T::REDIRECTS || T::HAS_FAULT {
            Some(post::<T>)
        } else {
            None
        },
        fault: if T::HAS_FAULT {
            Some(instruction_fault::<T>)
        } else {
            None
        },
    }
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

/// # Safety
///
/// To be called by the kernel only, as the `pre_handler` of a node that was registered with a `T`.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn pre<T: Handler>(kp: *mut bindings::kprobe, regs: *mut pt_regs) -> c_int {
    // SAFETY: The kernel passes the node, and registers of this CPU.
    let (node, regs) = unsafe { (Node::from_kprobe(kp), PtRegs::from_ptr(regs)) };
    let ip = regs.ip();
    let cx = Context::new(node, regs, Pre, fault_of::<T>());
    // SAFETY: The node was registered with a `T`.
    T::pre(unsafe { node.handler() }, &cx);
    // Not zero says that the instruction is to be skipped, and to go on at the ip.
    (T::REDIRECTS && regs.ip() != ip).into()
}

/// # Safety
///
/// To be called by the kernel only, as the `post_handler` of a node that was registered with a `T`.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn post<T: Handler>(
    kp: *mut bindings::kprobe,
    regs: *mut pt_regs,
    _flags: c_ulong,
) {
    if !T::HAS_POST {
        return;
    }
    // SAFETY: The kernel passes the node, and registers of this CPU.
    let (node, regs) = unsafe { (Node::from_kprobe(kp), PtRegs::from_ptr(regs)) };
    let cx = Context::new(node, regs, Post, fault_of::<T>());
    // SAFETY: The node was registered with a `T`.
    T::post(unsafe { node.handler() }, &cx);
}

/// # Safety
///
/// To be called by the helpers only, with the probe of a node that was registered with a `T`.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn instruction_fault<T: Handler>(
    probe: *mut bindings::rprobes_probe,
    regs: *mut pt_regs,
    trap: c_uint,
    address: usize,
) {
    // SAFETY: The helper passes the probe of a node, whose first field is a `kprobe`, and registers of this CPU.
    let (node, regs) = unsafe { (Node::from_kprobe(probe.cast()), PtRegs::from_ptr(regs)) };
    let cx = Context::new(node, regs, Fault::instruction(trap, address), None);
    // SAFETY: The node was registered with a `T`.
    T::fault(unsafe { node.handler() }, &cx);
}
