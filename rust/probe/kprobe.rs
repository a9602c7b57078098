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
//! [`WhenLoaded`] is for a function in a module that comes and goes. A handler can have its own probe disabled or
//! unregistered a moment later: [`disable_later`](Context::disable_later), [`unregister_later`](Context::unregister_later).
//!
//! # Guarantees
//!
//! - The handler is initialised before it can be called, and is dropped after its last call has ended. Once
//!   [`disable`](Planted::disable), [`unregister`](Planted::unregister) or `drop` has returned, no new call begins; once
//!   `unregister` or `drop` has, none is running.
//! - A probe that could not be planted leaves nothing behind, and the kernel log names the cause in one line.
//! - A probe that is forgotten is unregistered when the module is unloaded.
//! - Several probes at one address are called in the order in which they were planted.
//!
//! It is not guaranteed that every hit is seen: see below. Nor does the kernel keep a probed module from being unloaded;
//! and Linux 7.3 may plant a probe into memory that is being freed if the module's own initialisation fails at the moment
//! of registration. [`WhenLoaded`] does not suffer from that.
//!
//! # What handlers may do
//!
//! They run in atomic context, on any CPU and on several at once, so the state that they share is in atomics, in
//! [`Counters`](crate::Counters) or in a [`Ring`](crate::Ring). They must not sleep, so they take no mutex and allocate
//! nothing with `GFP_KERNEL`; a kernel with `CONFIG_DEBUG_ATOMIC_SLEEP` reports those that do. A probe that is hit while a
//! handler runs on the same CPU is skipped and counted in [`Stats::missed`](crate::Stats). That includes probes in
//! functions that the handler itself calls, so a handler cannot call itself.
//!
//! A handler may come in the middle of anything. C programmers ran into this:
//!
//! - *A lock that is taken in handlers and outside of them* stops the machine if the probed function is called, by an
//!   interrupt perhaps, on the CPU that holds it. Use a `SpinLockIrq`, and call nothing that is probed while holding it;
//!   better still, do without.
//! - *Unlocking with `_bh`*, in C code that a handler calls, runs softirqs inside the probe.
//! - *Locks can be probed*, `_raw_spin_lock` for example. Their hits are many, and some are missed, as the kernel takes
//!   locks on the way to a handler, too.
//! - *The probed address cannot be called*: it may lie past the landing pad (ENDBR) that a call must meet.
//!
//! # Cost
//!
//! At the entry of a function a probe is called by ftrace where the architecture allows it (x86, not arm64). There
//! [`post`](Handler::post) costs little more than its call: the instruction is the one that ftrace patches, which does
//! nothing, so `post` is called right after `pre`, and if there are several probes, before the `pre` of the next.
//!
//! Elsewhere a probe is a breakpoint, which the kernel may replace by a jump a moment after registration (x86 only).
//! Implementing `post` or [`fault`](Handler::fault) forbids that jump: leave them out if they have nothing to do.
//!
//! `make bench`, in the directory of rprobes, measures each of these.

use core::marker::PhantomData;

use kernel::{bindings::pt_regs, error::to_result, prelude::*, sync::Arc};

use super::{
    context::{Context, Fault, FaultContext, FaultHandler, Post, Pre},
    kind::{Handles, Kind},
    node::Probe,
    planted::Planted,
    set::{Builder, Member},
    struct_kprobe, when_loaded, Stats,
};
use crate::{
    bindings::{self, rprobes_kprobe},
    errno::Errno,
    machine::{arch, PtRegs},
    place::{Location, Target},
    types::{Raw, Signature},
};

/// What a kprobe does when it is hit. Implement it with [`#[vtable]`](kernel::macros::vtable).
///
/// `F` is the function that it is for, if that is named by [`kernel_types!`](crate::kernel_types!): then the context has its
/// arguments and its result, and it can be planted there only.
///
/// `&self` is shared between all CPUs, hence `Send` and `Sync`; `'static`, as a leaked probe goes on until the
/// module is unloaded.
#[vtable]
pub trait Handler<F: Signature = Raw>: Send + Sync + 'static {
    /// Called before the probed instruction is executed. Atomic context.
    #[doc(alias = "pre_handler")]
    fn pre(&self, _cx: &PreContext<'_, F>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called after the probed instruction was executed. Atomic context.
    ///
    /// See [Cost](self#cost).
    #[doc(alias = "post_handler")]
    fn post(&self, _cx: &PostContext<'_, F>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Called when a `read` of the context faults in `pre` or `post`; and on x86 when the probed instruction itself
    /// traps, with the registers at that moment, the trap number, and for a page fault the address. It only
    /// observes: the kernel handles the trap as it would have. Atomic context.
    ///
    /// It does not see traps of instructions that the kernel emulates instead of executing them, such as CALL, nor
    /// general protection faults that the kernel repairs through an exception table. Arm64 shows a module no traps of
    /// instructions. Implementing this forbids jump optimisation, as [`post`](Self::post) does; reads that do not fault
    /// cost nothing more.
    #[doc(alias = "fault_handler")]
    fn fault(&self, _cx: &FaultContext<'_>) {
        build_error!(kernel::error::VTABLE_DEFAULT_ERROR)
    }

    /// Whether [`pre`](Self::pre) makes the CPU continue elsewhere, with [`PtRegs::set_ip`] or
    /// [`PtRegs::return_early`]. Such a probe is never optimised. At the entry of a function it excludes livepatches
    /// ([`EBUSY`]), and cannot join probes that do not redirect; they can join it.
    const REDIRECTS: bool = false;
}

/// An [`Arc`] of a handler is one: several probes may share it, and its owner reads what it gathers.
impl<F: Signature, T: Handler<F>> Handler<F> for Arc<T> {
    #[cfg(have_owner_module)]
    type OwnerModule = T::OwnerModule;
    const USE_VTABLE_ATTR: () = ();
    const HAS_PRE: bool = T::HAS_PRE;
    const HAS_POST: bool = T::HAS_POST;
    const HAS_FAULT: bool = T::HAS_FAULT;
    const REDIRECTS: bool = T::REDIRECTS;

    #[inline(always)]
    fn pre(&self, cx: &PreContext<'_, F>) {
        T::pre(self, cx);
    }

    #[inline(always)]
    fn post(&self, cx: &PostContext<'_, F>) {
        T::post(self, cx);
    }

    #[inline(always)]
    fn fault(&self, cx: &FaultContext<'_>) {
        T::fault(self, cx);
    }
}

/// The context of [`Handler::pre`].
pub type PreContext<'a, F = Raw> = Context<'a, Pre, F>;

/// The context of [`Handler::post`].
pub type PostContext<'a, F = Raw> = Context<'a, Post, F>;

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
pub type Kprobe<T, F = Raw> = Planted<T, Instruction<F>>;

/// A kprobe in a module that need not be loaded yet.
pub type WhenLoaded<T, F = Raw> = when_loaded::WhenLoaded<T, Instruction<F>>;

/// How a kprobe is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether it is disabled until [`Kprobe::enable`].
    pub disabled: bool,
}

/// The kind of a [`Kprobe`].
pub struct Instruction<F = Raw>(PhantomData<fn() -> F>);

impl<F: Signature> Kind for Instruction<F> {
    type Function = F;
    type Raw = rprobes_kprobe;
    type Options = Options;

    const NAME: &'static str = "probe";
    const DISABLED: Options = Options { disabled: true };

    fn starts_armed(options: &Options) -> bool {
        !options.disabled
    }

    unsafe fn register(raw: *mut rprobes_kprobe, location: &Location) -> Result<usize> {
        let kp: *mut bindings::kprobe = raw.cast();
        // SAFETY: It is not registered, so nobody else uses it.
        let (redirects, has_post, has_fault) = unsafe {
            (
                (*raw).redirects,
                (*raw).post.is_some(),
                (*raw).fault.is_some(),
            )
        };
        // A probe that ftrace calls has no post handler: see `pre_at_ftrace`. Most that ftrace calls look like it
        // beforehand; for others, the kernel has the last word.
        let expected = arch::is_ftrace_insn(location.start, location.offset);
        // SAFETY: The caller promises what is asked for, here and below.
        let mut on_ftrace = unsafe { register_as(raw, location, expected || redirects) }?;
        if redirects {
            // SAFETY: It is registered.
            let refused = unsafe { bindings::rprobes_kprobe_has_company_without_post(kp) };
            // SAFETY: It is registered, and disabled.
            unsafe { bindings::unregister_kprobes(&mut kp.cast(), 1) };
            if refused {
                return Err(EBUSY);
            }
            // SAFETY: It is not registered any more.
            on_ftrace = unsafe { register_as(raw, location, false) }?;
        } else if on_ftrace != expected && has_post {
            // SAFETY: It is registered, and disabled.
            unsafe { bindings::unregister_kprobes(&mut kp.cast(), 1) };
            // SAFETY: It is not registered any more.
            unsafe { register_as(raw, location, on_ftrace) }?;
        }
        // What ftrace patches does nothing, so it does not trap.
        if has_fault && !on_ftrace {
            // SAFETY: It is registered, and in no list of faults.
            to_result(unsafe { bindings::rprobes_fault_link(raw) }).inspect_err(|error| {
                log!(
                    ERR,
                    "no probe with a fault handler: the kernel does not report traps ({})\n",
                    Errno(*error)
                );
                // SAFETY: It is registered, and disabled.
                unsafe { bindings::unregister_kprobes(&mut kp.cast(), 1) };
            })?;
        }
        // SAFETY: It is registered, and disabled.
        Ok(unsafe { struct_kprobe::address(kp) })
    }

    unsafe fn unregister(raws: &mut [*mut rprobes_kprobe]) {
        for raw in &*raws {
            // SAFETY: It is registered.
            unsafe {
                bindings::rprobes_fault_unlink(*raw);
                bindings::rprobes_kprobe_disable(raw.cast());
            }
        }
        // SAFETY: All of them are registered and disabled, and nobody arms them any more, see `Core::claim`, and each begins with its `struct kprobe`.
        unsafe { bindings::unregister_kprobes(raws.as_mut_ptr().cast(), raws.len() as c_int) }
    }

    unsafe fn arm(raw: *mut rprobes_kprobe) -> Result<bool> {
        // SAFETY: It begins with a `struct kprobe`, and the caller promises the rest.
        unsafe { struct_kprobe::arm(raw.cast()) }
    }

    unsafe fn disarm(raw: *mut rprobes_kprobe) -> Result {
        // SAFETY: As above.
        unsafe { struct_kprobe::disarm(raw.cast()) }
    }

    unsafe fn stats(raw: *mut rprobes_kprobe, address: usize) -> Stats {
        // SAFETY: As above.
        unsafe { struct_kprobe::stats(raw.cast(), address) }
    }

    fn refusal(error: Error, _location: &Location) -> Option<&'static str> {
        (error == EBUSY).then_some(
            "there is a probe that does not redirect already, and the kernel breaks if one that does joins it; plant \
             this one first",
        )
    }
}

/// Registers a probe, disabled, with the callbacks for a place that ftrace calls or with those for any other. Returns
/// whether it is such a place.
///
/// # Safety
///
/// See [`Kind::register`].
unsafe fn register_as(raw: *mut rprobes_kprobe, location: &Location, ftrace: bool) -> Result<bool> {
    let kp: *mut bindings::kprobe = raw.cast();
    // SAFETY: It is not registered, so nobody else uses it.
    unsafe {
        (*kp).pre_handler = if ftrace {
            (*raw).pre_at_ftrace
        } else {
            (*raw).pre
        };
        (*kp).post_handler = if ftrace { None } else { (*raw).post };
        struct_kprobe::locate(kp, location);
    }
    // SAFETY: It is filled in, and stays where it is until it is unregistered.
    to_result(unsafe { bindings::register_kprobe(kp) })?;
    // SAFETY: It is registered.
    Ok(unsafe { struct_kprobe::flags(kp) } & bindings::KPROBE_FLAG_FTRACE != 0)
}

impl<F: Signature, T: Handler<F>> Handles<T> for Instruction<F> {
    fn prepare(raw: &mut rprobes_kprobe, _options: &Options) -> Result {
        raw.pre = if T::HAS_PRE { Some(pre::<F, T>) } else { None };
        // An optimised probe cannot redirect, and does not execute the instruction where its traps are looked for;
        // one with a post handler is not optimised.
        raw.post = if T::HAS_POST || T::REDIRECTS || T::HAS_FAULT {
            Some(post::<F, T>)
        } else {
            None
        };
        raw.pre_at_ftrace = if T::HAS_POST && !T::REDIRECTS {
            Some(pre_at_ftrace::<F, T>)
        } else {
            raw.pre
        };
        raw.redirects = T::REDIRECTS;
        raw.fault = if T::HAS_FAULT {
            Some(instruction_fault::<F, T>)
        } else {
            None
        };
        Ok(())
    }
}

impl<'a> Builder<'a> {
    /// Adds a kprobe. Nothing is registered yet.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or the error of the handler's initialiser.
    pub fn kprobe<F, T, E>(
        &mut self,
        target: Target<'a, F>,
        handler: impl PinInit<T, E>,
    ) -> Result<&mut Member<'a>>
    where
        F: Signature,
        T: Handler<F>,
        Error: From<E>,
    {
        self.add::<T, Instruction<F>, E>(target.raw(), Options::default(), handler)
    }
}

#[inline(always)]
fn fault_of<F: Signature, T: Handler<F>>(handler: &T) -> Option<FaultHandler<'_>> {
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

/// # Safety
///
/// To be called by the kernel only, as the `pre_handler` of a probe that was prepared for `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn pre<F: Signature, T: Handler<F>>(
    kp: *mut bindings::kprobe,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes the probe, and registers of this CPU.
    let (hit, regs) = unsafe {
        (
            Probe::<T, Instruction<F>>::hit(kp.cast()),
            PtRegs::from_ptr(regs),
        )
    };
    let (core, handler) = hit;
    let ip = regs.ip();
    T::pre(
        handler,
        &Context::new(core, regs, Pre, fault_of::<F, T>(handler)),
    );
    // Not zero says that the instruction is to be skipped, and to go on at the ip.
    (T::REDIRECTS && regs.ip() != ip).into()
}

/// # Safety
///
/// To be called by the kernel only, as the `post_handler` of a probe that was prepared for `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn post<F: Signature, T: Handler<F>>(
    kp: *mut bindings::kprobe,
    regs: *mut pt_regs,
    _flags: c_ulong,
) {
    if !T::HAS_POST {
        return;
    }
    // SAFETY: The kernel passes the probe, and registers of this CPU.
    let (hit, regs) = unsafe {
        (
            Probe::<T, Instruction<F>>::hit(kp.cast()),
            PtRegs::from_ptr(regs),
        )
    };
    let (core, handler) = hit;
    T::post(
        handler,
        &Context::new(core, regs, Post, fault_of::<F, T>(handler)),
    );
}

/// Both handlers, where the probed instruction is the one that ftrace patches. That does nothing, so the kernel would
/// just move the instruction pointer between them; but a post handler of the kernel's excludes livepatches, and
/// probes that are there already.
///
/// # Safety
///
/// To be called by the kernel only, as the `pre_handler` of a probe that was prepared for `T`, and that ftrace calls.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn pre_at_ftrace<F: Signature, T: Handler<F>>(
    kp: *mut bindings::kprobe,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes the probe, and registers of this CPU.
    let (hit, regs) = unsafe {
        (
            Probe::<T, Instruction<F>>::hit(kp.cast()),
            PtRegs::from_ptr(regs),
        )
    };
    let (core, handler) = hit;
    let ip = regs.ip();
    if T::HAS_PRE {
        T::pre(
            handler,
            &Context::new(core, regs, Pre, fault_of::<F, T>(handler)),
        );
    }
    let behind = core
        .address()
        .wrapping_add(bindings::RPROBES_FTRACE_INSN_SIZE as usize);
    // SAFETY: It is set back before anything goes on there.
    unsafe { regs.set_ip(behind) };
    T::post(
        handler,
        &Context::new(core, regs, Post, fault_of::<F, T>(handler)),
    );
    // SAFETY: As it was.
    unsafe { regs.set_ip(ip) };
    0
}

/// # Safety
///
/// To be called by the helpers only, with a probe that was prepared for `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn instruction_fault<F: Signature, T: Handler<F>>(
    raw: *mut rprobes_kprobe,
    regs: *mut pt_regs,
    trap: c_uint,
    address: usize,
) {
    // SAFETY: The helper passes the probe, and registers of this CPU.
    let (hit, regs) = unsafe { (Probe::<T, Instruction<F>>::hit(raw), PtRegs::from_ptr(regs)) };
    let (core, handler) = hit;
    let fault = Fault::instruction(trap, address);
    T::fault(handler, &FaultContext::new(core, regs, fault, None));
}
