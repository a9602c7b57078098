// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes at tracepoints: the places that the authors of the kernel, or of a module, have made for it.
//!
//! C headers: [`include/linux/tracepoint.h`](srctree/include/linux/tracepoint.h),
//! [`include/trace/events/`](srctree/include/trace/events/);
//! documentation: [`Documentation/trace/tracepoints.rst`](srctree/Documentation/trace/tracepoints.rst)
//!
//! A tracepoint calls the handler itself, with the arguments that stand in its declaration; that costs a fraction of a kprobe.
//! Any tracepoint that the kernel or a loaded module has can be probed, exported or not, by its name: `make list
//! TRACEPOINT='*'` has them, with their arguments. The name is that of its event, such as `sched_switch`, without the group;
//! one in a module is `module:name`.
//!
//! # Arguments
//!
//! [`kernel_types!`](crate::kernel_types!) declares a tracepoint, and the handler has its arguments by name. Without that, on a
//! kernel without BTF, [`arg`](crate::Context::arg) has the first 5 of them as words, on arm64 the first 7.
//!
//! # What handlers may do
//!
//! - They run with preemption off, whatever the kernel does: before Linux 6.13 it turns preemption off at all tracepoints, later
//!   not at the entries and exits of system calls, and today nowhere. A probe that is dropped waits for its handlers.
//! - *Mind the locks of the place.* `sched_switch` and `sched_wakeup` are hit with the lock of a run queue held: to print to the
//!   kernel log, which may wake somebody up, hangs the machine there; [`trace_printk!`](crate::trace_printk!) and
//!   [`Ring`](crate::Ring) do not.
//! - RCU is watching. Tracepoints of idle CPUs are hit as well: until Linux 6.12 the kernel has RCU watch for the time of
//!   the hit; later it has none where RCU does not watch.
//!
//! # Hits that are missed
//!
//! While a handler of this module runs, other hits on that CPU do not call one, be it because the handler does what is traced, such as
//! allocating memory at `kmalloc`, or because of an interrupt or an NMI: they are counted in [`Stats::missed`](crate::Stats).
//!
//! # Modules
//!
//! A module with a tracepoint that is probed cannot be unloaded meanwhile.
//!
//! # What is not supported
//!
//! Kernels that check the types of functions before they call them (`CONFIG_CFI`): what the callback is called with is known to the
//! handler alone, so the probe is refused with `EOPNOTSUPP`. Arguments by name of a tracepoint with more than 12 words of them.

use core::{
    marker::PhantomData,
    mem::MaybeUninit,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

use kernel::{bindings::pt_regs, error::to_result, prelude::*, str::BStr, sync::Arc};

use super::{
    context::{self, Context},
    kind::{Handles, Kind},
    node::Probe,
    plant_lock::PlantLock,
    planted::Planted,
    set::{Builder, Member},
    stats::{Mechanism, Stats},
};
use crate::{
    bindings,
    errno::{self, Errno},
    machine::{BusyAtTracepoint, Call, PtRegs, Words},
    place::{tracepoint, Location, Pin, Target},
    types::{AnyTracepoint, TracepointSignature},
};

/// The context of [`Handler::hit`].
pub type HitContext<'a, F = AnyTracepoint> =
    Context<'a, context::AtTracepoint<<F as TracepointSignature>::Words>, F>;

/// What a probe at a tracepoint does.
///
/// `F` is the tracepoint that it is for, if that is named by [`kernel_types!`](crate::kernel_types!): then the context has its
/// arguments, and it can be planted there only. One handler may be for several, each by an `impl` of its own.
///
/// `&self` is shared between all CPUs, hence `Send` and `Sync`; `'static`, as a leaked probe goes on until the
/// module is unloaded.
pub trait Handler<F: TracepointSignature = AnyTracepoint>: Send + Sync + 'static {
    /// Called when the tracepoint is reached. Atomic context.
    fn hit(&self, cx: &HitContext<'_, F>);
}

/// An [`Arc`] of a handler is one: several probes may share it, and its owner reads what it gathers.
impl<F: TracepointSignature, T: Handler<F>> Handler<F> for Arc<T> {
    #[inline(always)]
    fn hit(&self, cx: &HitContext<'_, F>) {
        T::hit(self, cx);
    }
}

/// A probe at a tracepoint, armed from its initialisation until it is dropped.
///
/// Stands on `tracepoint_probe_register()` and `tracepoint_probe_unregister()`.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::atomic::{Atomic, Relaxed}};
/// use rprobes::{read, tracepoint::{self, HitContext, Tracepoint}, Target};
///
/// rprobes::kernel_types! { tracepoint sched_switch; }
///
/// /// Counts how often the CPU is given to the idle task.
/// struct Idle(Atomic<u64>);
///
/// impl tracepoint::Handler<sched_switch> for Idle {
///     fn hit(&self, cx: &HitContext<'_, sched_switch>) {
///         if matches!(read!(cx, cx.args().next() => pid), Ok(0)) {
///             self.0.fetch_add(1, Relaxed);
///         }
///     }
/// }
///
/// /// Counts hits, of whatever tracepoint.
/// struct Count(Atomic<u64>);
///
/// impl tracepoint::Handler for Count {
///     fn hit(&self, _cx: &HitContext<'_>) {
///         self.0.fetch_add(1, Relaxed);
///     }
/// }
///
/// type Planted = (Pin<KBox<Tracepoint<Idle, sched_switch>>>, Pin<KBox<Tracepoint<Count>>>);
///
/// fn plant() -> Result<Planted> {
///     Ok((
///         KBox::pin_init(Tracepoint::new(sched_switch::TARGET, Idle(Atomic::new(0))), GFP_KERNEL)?,
///         KBox::pin_init(Tracepoint::new(Target::tracepoint(c"sys_enter"), Count(Atomic::new(0))), GFP_KERNEL)?,
///     ))
/// }
/// # fn main() {}
/// ```
#[doc(
    alias = "tracepoint_probe_register",
    alias = "register_trace_sched_switch"
)]
pub type Tracepoint<T, F = AnyTracepoint> = Planted<T, Event<F>>;

/// How a probe at a tracepoint is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Whether it is disabled until [`Tracepoint::enable`].
    pub disabled: bool,
}

/// The kind of a [`Tracepoint`].
pub struct Event<F = AnyTracepoint>(PhantomData<fn() -> F>);

/// What is known of a probe at a tracepoint.
pub struct State {
    /// What the tracepoint calls, with a pointer to this.
    callback: *const c_void,
    /// C: `struct tracepoint`. Written as the probe is registered.
    tracepoint: *mut c_void,
    /// Written with the lock held.
    is_armed: AtomicBool,
    missed: AtomicUsize,
    /// Keeps the module of the tracepoint.
    pin: Option<Pin>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            callback: core::ptr::null(),
            tracepoint: core::ptr::null_mut(),
            is_armed: AtomicBool::new(false),
            missed: AtomicUsize::new(0),
            pin: None,
        }
    }
}

impl<F: TracepointSignature> Kind for Event<F> {
    type Function = F;
    type Raw = State;
    type Options = Options;

    const NAME: &'static str = "probe at the tracepoint";
    const EXPLAINS: bool = true;
    const DISABLED: Options = Options { disabled: true };

    fn starts_armed(options: &Options) -> bool {
        !options.disabled
    }

    unsafe fn register(raw: *mut State, location: &Location) -> Result<usize> {
        let name = location.name.as_deref().ok_or(EINVAL)?;
        let Some(found) = tracepoint::find(name.to_bytes())? else {
            // It was there a moment ago.
            tracepoint::explain_absence(name.to_bytes());
            return Err(ENOENT);
        };
        // SAFETY: It is not registered, so nobody else uses it.
        unsafe {
            (*raw).tracepoint = found.tracepoint.as_ptr();
            (*raw).pin = found.pin;
        }
        Ok(found.tracepoint.addr().get())
    }

    unsafe fn unregister(raws: &mut [*mut State]) {
        for raw in &*raws {
            // SAFETY: It is registered.
            unsafe { unplant(*raw) };
        }
        // SAFETY: Process context.
        unsafe { bindings::rprobes_tracepoint_synchronize() };
        for raw in &*raws {
            // The probe itself may be leaked, but the module may go.
            // SAFETY: Nobody plants it any more, and nobody else touches what keeps the module.
            unsafe { (*(*raw)).pin = None };
        }
    }

    unsafe fn arm(raw: *mut State) -> Result<bool> {
        let _lock = PlantLock::new();
        // SAFETY: It is registered, and while the lock is held, nobody else plants it or takes it away. What the tracepoint
        // calls is what `prepare` has chosen for a tracepoint like this, and it gets a pointer that is good until
        // `unregister` has waited.
        unsafe {
            if (*raw).is_armed.load(Relaxed) {
                return Ok(true);
            }
            let (tracepoint, callback) = ((*raw).tracepoint, (*raw).callback);
            to_result(bindings::rprobes_tracepoint_register(
                tracepoint,
                callback,
                raw.cast(),
            ))
            .inspect_err(explain)?;
            (*raw).is_armed.store(true, Relaxed);
        }
        Ok(true)
    }

    unsafe fn disarm(raw: *mut State) -> Result {
        // SAFETY: The caller promises the same.
        unsafe { unplant(raw) };
        Ok(())
    }

    unsafe fn stats(raw: *mut State, _address: usize) -> Stats {
        // SAFETY: The caller promises that it is alive, and both are atomic.
        unsafe {
            Stats {
                missed: (*raw).missed.load(Relaxed),
                exhausted: 0,
                not_followed: 0,
                mechanism: Mechanism::Tracepoint,
                optimised: false,
                on_ftrace: false,
                gone: false,
                disabled: !(*raw).is_armed.load(Relaxed),
            }
        }
    }

    fn refusal(_error: Error, _location: &Location) -> Option<&'static str> {
        None
    }
}

/// Handlers that are running go on.
///
/// # Safety
///
/// `raw` must be or have been registered.
unsafe fn unplant(raw: *mut State) {
    let _lock = PlantLock::new();
    // SAFETY: While the lock is held, nobody else plants it or takes it away. If it is armed, it is registered, and the
    // tracepoint is there.
    unsafe {
        if (*raw).is_armed.load(Relaxed) {
            bindings::rprobes_tracepoint_unregister((*raw).tracepoint, (*raw).callback, raw.cast());
            (*raw).is_armed.store(false, Relaxed);
        }
    }
}

fn explain(error: &Error) {
    let why = if errno::is(*error, kernel::bindings::EOPNOTSUPP) {
        "this kernel checks the types of functions before it calls them (CONFIG_CFI), and that of a handler cannot be known to it"
    } else {
        "the kernel refused it"
    };
    log!(
        ERR,
        "no probe at a tracepoint: {} ({})\n",
        BStr::from_bytes(why.as_bytes()),
        Errno(*error)
    );
}

impl<F: TracepointSignature, T: Handler<F>> Handles<T> for Event<F> {
    fn prepare(raw: &mut State, _options: &Options) -> Result {
        raw.callback = <F::Words as Words>::function::<Called<F, T>>();
        Ok(())
    }
}

impl<'a> Builder<'a> {
    /// Adds a probe at a tracepoint. Nothing is registered yet.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`], or the error of the handler's initialiser.
    pub fn tracepoint<F, T, E>(
        &mut self,
        target: Target<'a, F>,
        handler: impl PinInit<T, E>,
    ) -> Result<&mut Member<'a>>
    where
        F: TracepointSignature,
        T: Handler<F>,
        Error: From<E>,
    {
        self.add::<T, Event<F>, E>(target.of_function(), Options::default(), handler)
    }
}

/// What the tracepoint calls, apart from how many words it passes.
struct Called<F, T>(PhantomData<(fn() -> F, T)>);

impl<F: TracepointSignature, T: Handler<F>> Call<F::Words> for Called<F, T> {
    /// # Safety
    ///
    /// To be called by a tracepoint that an `F` says is like this, with the state of a probe whose handler is a `T`.
    #[inline(always)]
    unsafe fn call(state: *mut c_void, words: F::Words) {
        let state: *mut State = state.cast();
        // SAFETY: It is alive during the call, and a tracepoint calls.
        let Some(_busy) = (unsafe { BusyAtTracepoint::begin(&(*state).missed) }) else {
            return;
        };
        // SAFETY: It is that of a probe with such a handler, and unregistering waits for this call.
        let (core, handler) = unsafe { Probe::<T, Event<F>>::hit(state) };
        // There are none, and a context without registers does not look at them.
        let none = MaybeUninit::<pt_regs>::uninit();
        // SAFETY: It is memory of that size, whatever is in there, and lives until the handler is done.
        let regs = unsafe { PtRegs::from_ptr(none.as_ptr()) };
        let phase = context::AtTracepoint::new(words);
        T::hit(handler, &Context::new(core, regs, phase, None));
    }
}
