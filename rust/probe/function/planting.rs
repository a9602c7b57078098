// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Planting a probe on functions by the cheapest mechanism that does.
//!
//! C headers: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h),
//! [`include/linux/fprobe.h`](srctree/include/linux/fprobe.h)

use core::{
    ffi::c_void,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

use kernel::{error::to_result, prelude::*};

use super::{
    super::{
        kind::{Handles, Kind},
        kretprobe::{self, Handler},
        plant_lock::PlantLock,
        refusal::invalid,
        stats::{Mechanism, Stats},
    },
    callbacks,
    kprobes::Kprobes,
    replacing::{self, Replacement},
    state::{AsHook, AsProbe, Candidates, Function, Is, Options, State},
    waiting::wait_for_calls,
};
use crate::{
    bindings::{self, kprobe, kretprobe as struct_kretprobe},
    errno::{self, Errno},
    machine::{direct, direct::Trampoline},
    place::{
        functions::{LeftOut, Table, Why},
        symbol::Buffer,
        Location, Symbol,
    },
    types::{self, Signature},
};

impl<F: Signature, W: Is> Kind for Function<F, W> {
    type Function = F;
    type Raw = State;
    type Options = Options;

    const NAME: &'static str = W::NAME;
    const EXPLAINS: bool = true;
    const DISABLED: Options = Options {
        mechanism: None,
        maxactive: 0,
        disabled: true,
    };

    fn starts_armed(options: &Options) -> bool {
        !options.disabled
    }

    unsafe fn register(raw: *mut State, _location: &Location) -> Result<usize> {
        // SAFETY: It is not registered, so nobody else uses it.
        let result = unsafe { prepare(raw) };
        if result.is_err() {
            // SAFETY: As above.
            if let Some(kprobes) = unsafe { (*raw).kprobes.take() } {
                kprobes.unregister();
            }
        }
        result
    }

    unsafe fn unregister(raws: &mut [*mut State]) {
        for &mut raw in raws {
            let lock = PlantLock::new();
            // SAFETY: It is registered, and while the lock is held, nobody else plants it or takes it away.
            unsafe {
                // It is unregistered even if it cannot be disarmed.
                let _ = unplant(raw);
                if let Some(kprobes) = &(*raw).kprobes {
                    kprobes.unregister();
                }
            }
            drop(lock);
            // SAFETY: Nobody plants it any more.
            unsafe {
                if let Some(trampoline) = (*raw).trampoline {
                    if (*raw).callbacks.has_ret {
                        let function = (*raw).selected.functions.first().copied();
                        wait_for_calls(&trampoline, function.unwrap_or(0));
                    }
                    trampoline.release();
                }
                // The probe itself may be leaked, but the modules may go.
                (*raw).pins = KVec::new();
            }
        }
    }

    unsafe fn arm(raw: *mut State) -> Result<bool> {
        let _lock = PlantLock::new();
        // SAFETY: As in `unregister`.
        unsafe { plant(raw) }
    }

    unsafe fn disarm(raw: *mut State) -> Result {
        let _lock = PlantLock::new();
        // SAFETY: As in `unregister`.
        unsafe { unplant(raw) }
    }

    unsafe fn stats(raw: *mut State, _address: usize) -> Stats {
        // SAFETY: What changes while it is registered is atomic, and kprobes are there before it is said that they are used.
        unsafe {
            let mechanism = Mechanism::of_number((*raw).mechanism.load(Acquire));
            let (mut missed, mut exhausted) = ((*raw).missed.load(Relaxed), 0);
            match (mechanism, &(*raw).kprobes) {
                (Some(Mechanism::Kprobe), Some(kprobes)) => {
                    (missed, exhausted) = kprobes.missed();
                }
                (Some(Mechanism::Fprobe), _) => {
                    exhausted = missed + bindings::rprobes_fprobe_missed(&raw const (*raw).kernel);
                    missed = (*raw).owner.missed.load(Relaxed);
                }
                _ => missed += (*raw).owner.missed.load(Relaxed),
            }
            Stats {
                missed,
                exhausted,
                not_followed: (*raw).owner.not_followed.load(Relaxed),
                mechanism: mechanism
                    .or((*raw).candidates[0])
                    .unwrap_or(Mechanism::Kprobe),
                optimised: false,
                on_ftrace: !matches!(mechanism, None | Some(Mechanism::Kprobe)),
                gone: false,
                disabled: !(*raw).is_armed.load(Relaxed),
            }
        }
    }

    fn refusal(_error: Error, _location: &Location) -> Option<&'static str> {
        None
    }
}

impl<F: Signature, T: Handler<F>> Handles<T> for Function<F, AsProbe> {
    fn prepare(raw: &mut State, options: &Options) -> Result {
        kretprobe::check_data::<F, T>()?;
        if !T::HAS_ENTRY && !T::HAS_RET {
            log!(
                ERR,
                "a function probe must implement entry, or ret, or both\n"
            );
            return Err(EINVAL);
        }
        raw.callbacks = callbacks::of::<F, T>();
        raw.options = *options;
        Ok(())
    }
}

impl<F: types::Function, T: Replacement<F>> Handles<T> for Function<F, AsHook> {
    fn prepare(raw: &mut State, options: &Options) -> Result {
        raw.callbacks = replacing::callbacks::<F, T>();
        raw.options = *options;
        Ok(())
    }
}

/// Finds out by what a probe can be planted, and returns its first function.
///
/// # Safety
///
/// `raw` must be part of a probe that is not registered yet, and stay where it is if this succeeds.
unsafe fn prepare(raw: *mut State) -> Result<usize> {
    // SAFETY: Nobody else uses it, says the caller; no reference lives while kprobes are registered.
    unsafe {
        let first = *(*raw).selected.functions.first().ok_or(EINVAL)?;
        (*raw).candidates = candidates(&*raw)?;
        // Where there is nothing else, it is tried now which of several functions take one.
        if (*raw).candidates.first() == Some(&Some(Mechanism::Kprobe)) {
            register_kprobes(raw, true)?;
            let mut functions = KVVec::new();
            let kprobes = &(*raw).kprobes;
            for function in kprobes.iter().flat_map(Kprobes::functions) {
                functions.push(function, GFP_KERNEL)?;
            }
            (*raw).selected.functions = functions;
        }
        if (*raw).selected.functions.len() > 1 {
            let keys = match (*raw).kprobes {
                Some(_) => &(*raw).selected.functions,
                None => &(*raw).selected.sites,
            };
            (*raw).table = Some(Table::new(keys)?);
        }
        Ok(first)
    }
}

/// What may do for a probe, the cheapest first. One that its author has asked for, and that does not, is an error.
fn candidates(state: &State) -> Result<Candidates> {
    use Mechanism::{Direct, Fprobe, Ftrace, Kprobe};

    let is_one = state.selected.functions.len() == 1;
    if let Some(demanded) = state.options.mechanism {
        return match objection(state, demanded) {
            None => Ok([Some(demanded), None, None]),
            Some(why) => {
                log!(
                    ERR,
                    "no probe by {} at {}: {}\n",
                    demanded,
                    Symbol(state.selected.functions[0]),
                    why
                );
                Err(errno::error(bindings::EOPNOTSUPP))
            }
        };
    }
    if state.callbacks.is_hook {
        // Here is why there is nothing else.
        if let Some(why) = objection(state, Direct) {
            log!(
                ERR,
                "no hook at {}: {}\n",
                Symbol(state.selected.functions[0]),
                why
            );
            return Err(errno::error(bindings::EOPNOTSUPP));
        }
        return Ok([Some(Direct), None, None]);
    }
    let order: &[Mechanism] = match (state.callbacks.has_ret, is_one) {
        (false, _) => &[Direct, Ftrace, Kprobe],
        (true, true) => &[Direct, Kprobe, Fprobe],
        (true, false) => &[Fprobe, Kprobe],
    };
    let mut candidates = [None; 3];
    let good = order.iter().filter(|m| objection(state, **m).is_none());
    for (candidate, mechanism) in candidates.iter_mut().zip(good) {
        *candidate = Some(*mechanism);
    }
    Ok(candidates)
}

fn is_called(function: usize, name: &[u8]) -> bool {
    let mut buffer = Buffer::new();
    buffer
        .entry(function)
        .is_some_and(|entry| entry.name == name)
}

/// Why a mechanism does not do for a probe.
fn objection(state: &State, mechanism: Mechanism) -> Option<&'static str> {
    let (selected, callbacks) = (&state.selected, &state.callbacks);
    if mechanism != Mechanism::Kprobe && selected.sites.len() != selected.functions.len() {
        return Some("ftrace does not know that function");
    }
    match mechanism {
        Mechanism::Direct if !direct::SUPPORTED => Some("there are no direct calls on this kernel"),
        Mechanism::Direct if selected.functions.len() > 1 => {
            Some("a direct call is for one function")
        }
        Mechanism::Direct
            if callbacks.has_ret && is_called(selected.functions[0], b"exit_signals") =>
        {
            Some("it returns in a task that exits, which is not waited for")
        }
        Mechanism::Direct if callbacks.has_ret => callbacks.no_direct_ret,
        Mechanism::Ftrace if bindings::RPROBES_HAS_FTRACE == 0 => {
            Some("this kernel is built without CONFIG_DYNAMIC_FTRACE_WITH_ARGS")
        }
        Mechanism::Ftrace if callbacks.has_ret => {
            Some("ftrace calls nothing when a function returns")
        }
        Mechanism::Fprobe if bindings::RPROBES_HAS_FPROBE == 0 => {
            Some("this kernel has no fprobes, or none that follow calls until they return")
        }
        Mechanism::Fprobe
            if callbacks.fprobe_data_size > bindings::RPROBES_FPROBE_DATA_MAX as usize =>
        {
            Some("the handler's Data is larger than fprobes allow")
        }
        Mechanism::Tracepoint => Some("a function is no tracepoint"),
        _ => None,
    }
}

/// Plants a probe by the first of the candidates that does, and later by that again.
///
/// # Safety
///
/// It must be registered, and the lock be held.
unsafe fn plant(raw: *mut State) -> Result<bool> {
    // SAFETY: The caller promises that.
    unsafe {
        if (*raw).is_armed.load(Relaxed) {
            return Ok(true);
        }
        // At the entry of a function it is ftrace that calls a kprobe, too.
        let by_ftrace = cfg!(CONFIG_KPROBES_ON_FTRACE) || (*raw).kprobes.is_none();
        if by_ftrace && !(*raw).selected.sites.is_empty() && bindings::rprobes_ftrace_is_off() {
            log!(
                ERR,
                "no function probe at {}: function tracing is switched off on this machine (sysctl \
                 kernel.ftrace_enabled=1)\n",
                Symbol((*raw).selected.functions[0])
            );
            return Err(EBUSY);
        }
        let before = Mechanism::of_number((*raw).mechanism.load(Relaxed));
        let candidates = match before {
            Some(_) => [before, None, None],
            None => (*raw).candidates,
        };
        let mut instead = None;
        for (i, mechanism) in candidates.into_iter().flatten().enumerate() {
            match plant_by(raw, mechanism) {
                Ok(()) => {
                    if let Some((other, error)) = instead {
                        say_fallback(raw, mechanism, other, error);
                    }
                    (*raw).mechanism.store(mechanism.number(), Release);
                    (*raw).is_armed.store(true, Relaxed);
                    return Ok(true);
                }
                Err(error)
                    if error != ENOMEM && candidates.get(i + 1).is_some_and(Option::is_some) =>
                {
                    instead = Some((mechanism, error));
                }
                Err(error) => {
                    // Kprobes say themselves what is wrong with them.
                    if mechanism != Mechanism::Kprobe {
                        log!(
                            ERR,
                            "no probe by {} at {}: {} ({})\n",
                            mechanism,
                            Symbol((*raw).selected.functions[0]),
                            why_not(mechanism, error),
                            Errno(error)
                        );
                    }
                    return Err(error);
                }
            }
        }
    }
    Err(EINVAL)
}

/// What may be the matter.
fn why_not(mechanism: Mechanism, error: Error) -> &'static str {
    match (mechanism, error) {
        (Mechanism::Direct, EBUSY) => "something else has it, such as a BPF program",
        (Mechanism::Direct, ENOSPC) => "all that this type of handlers has are taken",
        _ => "the kernel refuses it",
    }
}

/// # Safety
///
/// As for [`plant`].
unsafe fn say_fallback(raw: *mut State, mechanism: Mechanism, other: Mechanism, error: Error) {
    log!(
        INFO,
        "{} is probed by {}, not by {}: {} ({})\n",
        // SAFETY: The caller promises that it is registered.
        Symbol(unsafe { (&(*raw).selected.functions)[0] }),
        mechanism,
        other,
        why_not(other, error),
        Errno(error)
    );
}

/// # Safety
///
/// As for [`plant`].
unsafe fn plant_by(raw: *mut State, mechanism: Mechanism) -> Result {
    // SAFETY: The caller promises that. The kernel's part is not planted, so it is free to be set up.
    unsafe {
        let kernel = &raw mut (*raw).kernel;
        let callbacks = (*raw).callbacks;
        let functions = (*raw).selected.functions.as_ptr().cast_mut();
        let sites = (*raw).selected.sites.as_ptr().cast_mut();
        let count = (*raw).selected.functions.len();
        match mechanism {
            Mechanism::Direct => {
                let trampoline = match ((*raw).trampoline, callbacks.trampolines) {
                    (Some(before), _) => before,
                    (None, Some(all)) => {
                        Trampoline::take(&all(), &raw mut (*raw).owner).ok_or(ENOSPC)?
                    }
                    (None, None) => return Err(EINVAL),
                };
                let is_new = (*raw).trampoline.is_none();
                // Before the first hit, which may look for it.
                (*raw).trampoline = Some(trampoline);
                let planted = to_result(bindings::rprobes_direct_prepare(
                    kernel,
                    trampoline.address(),
                    *functions,
                ))
                .and_then(|()| to_result(bindings::rprobes_direct_register(kernel)));
                if planted.is_err() {
                    bindings::rprobes_ops_free(kernel);
                    if is_new {
                        (*raw).trampoline = None;
                        trampoline.release();
                    }
                }
                planted
            }
            Mechanism::Ftrace => {
                let callback = callbacks
                    .ftrace
                    .map_or(core::ptr::null(), |f| f as *const c_void);
                let planted = to_result(bindings::rprobes_ops_prepare(
                    kernel, callback, sites, count,
                ))
                .and_then(|()| to_result(bindings::rprobes_ops_register(kernel)));
                if planted.is_err() {
                    bindings::rprobes_ops_free(kernel);
                }
                planted
            }
            Mechanism::Fprobe => {
                (*raw).stamp = bindings::rprobes_timestamp();
                to_result(bindings::rprobes_fprobe_register(
                    kernel,
                    callbacks
                        .fprobe_entry
                        .map_or(core::ptr::null(), |f| f as *const c_void),
                    callbacks
                        .fprobe_exit
                        .map_or(core::ptr::null(), |f| f as *const c_void),
                    callbacks.fprobe_data_size,
                    (*raw).options.maxactive.into(),
                    sites,
                    count,
                ))
            }
            Mechanism::Kprobe => {
                if (*raw).kprobes.is_none() {
                    register_kprobes(raw, false)?;
                }
                match &(*raw).kprobes {
                    Some(kprobes) if kprobes.arm()? => Ok(()),
                    _ => {
                        log!(
                            ERR,
                            "probes are switched off on this machine (echo 1 > /sys/kernel/debug/kprobes/enabled)\n"
                        );
                        Err(EPERM)
                    }
                }
            }
            Mechanism::Tracepoint => Err(EINVAL),
        }
    }
}

/// Takes a probe away; handlers that are running may still run, and calls that are followed return to it.
///
/// # Safety
///
/// As for [`plant`].
unsafe fn unplant(raw: *mut State) -> Result {
    // SAFETY: The caller promises that; what is planted is what was planted last.
    unsafe {
        if !(*raw).is_armed.load(Relaxed) {
            return Ok(());
        }
        let kernel = &raw mut (*raw).kernel;
        match Mechanism::of_number((*raw).mechanism.load(Relaxed)) {
            Some(Mechanism::Direct) => {
                bindings::rprobes_direct_unregister(kernel);
                bindings::rprobes_ops_free(kernel);
            }
            Some(Mechanism::Ftrace) => {
                bindings::rprobes_ops_unregister(kernel);
                bindings::rprobes_ops_free(kernel);
            }
            Some(Mechanism::Fprobe) => {
                let missed = bindings::rprobes_fprobe_unregister(kernel);
                (*raw).missed.fetch_add(missed, Relaxed);
            }
            Some(Mechanism::Kprobe) => {
                if let Some(kprobes) = &(*raw).kprobes {
                    kprobes.disarm()?;
                }
            }
            Some(Mechanism::Tracepoint) | None => {}
        }
        (*raw).is_armed.store(false, Relaxed);
    }
    Ok(())
}

/// Registers kprobes, or kretprobes, disabled.
///
/// # Safety
///
/// `raw` must be part of a probe that was prepared, and stay where it is until they are unregistered. Nobody else plants it. Some are left out
/// only if it is not registered yet.
unsafe fn register_kprobes(raw: *mut State, may_leave_out: bool) -> Result {
    // SAFETY: The caller promises that.
    let (callbacks, options) = unsafe { ((*raw).callbacks, (*raw).options) };
    let prepared = || struct_kretprobe {
        kp: kprobe {
            pre_handler: if callbacks.has_ret {
                None
            } else {
                callbacks.pre
            },
            ..Default::default()
        },
        entry_handler: callbacks.entry,
        handler: callbacks.ret,
        data_size: callbacks.data_size,
        maxactive: options.maxactive.into(),
        ..Default::default()
    };
    let mut left_out = KVVec::new();
    // SAFETY: The caller promises that.
    let kprobes = unsafe {
        let selected = &(*raw).selected;
        let refused = |error: Error, function| {
            let why = match error {
                EINVAL => invalid(&Location::of(function)),
                _ => "the kernel refused it",
            };
            if error == EINVAL && may_leave_out && selected.may_leave_out {
                left_out.push(LeftOut::at(function, Why::Blacklisted), GFP_KERNEL)?;
                return Ok(());
            }
            log!(
                ERR,
                "no function probe at {}: {} ({})\n",
                Symbol(function),
                why,
                Errno(error)
            );
            Err(error)
        };
        Kprobes::register(
            raw.cast(),
            prepared,
            callbacks.has_ret,
            &selected.functions,
            match (*raw).table {
                Some(_) => &selected.sites,
                None => &selected.functions,
            },
            refused,
        )
    }?;
    // SAFETY: The caller promises that.
    unsafe {
        (*raw).kprobes = Some(kprobes);
        for function in left_out {
            (*raw).selected.left_out.push(function, GFP_KERNEL)?;
        }
    }
    Ok(())
}
