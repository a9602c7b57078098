// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What trampolines, ftrace, fprobes and kprobes call, and how that becomes a call of the handler.
//!
//! C headers: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h),
//! [`include/linux/fprobe.h`](srctree/include/linux/fprobe.h)

use core::{
    ffi::c_void,
    marker::PhantomData,
    mem::{offset_of, MaybeUninit},
};

use kernel::{bindings::pt_regs, prelude::*};

use super::{
    super::{
        context::{self, Context, Hit},
        kretprobe::{data, fault_of, of_instance, Entry, Handler},
        node::{Core, Probe},
    },
    kprobes::Member,
    state::{Callbacks, Function, State},
};
use crate::{
    bindings::{self, kretprobe_instance},
    machine::{
        arch,
        direct::{self, Calls, Frame, Owner, DATA_MAX},
        Busy, BusyInAtomic, PtRegs,
    },
    types::Signature,
};

/// The callbacks for handlers of a type.
pub(super) fn of<F: Signature, T: Handler<F>>() -> Callbacks {
    Callbacks {
        has_ret: T::HAS_RET,
        is_hook: false,
        data_size: size_of::<T::Data>(),
        no_direct_ret: if F::ON_STACK {
            Some("its arguments are not known to be in registers: declare it with kernel_types!, if they are")
        } else if size_of::<T::Data>() > DATA_MAX {
            Some("the handler's Data is too large")
        } else {
            None
        },
        trampolines: direct::SUPPORTED.then_some(direct::trampolines::<Trampolined<F, T>>),
        ftrace: if T::HAS_ENTRY {
            Some(ftrace::<F, T>)
        } else {
            None
        },
        fprobe_entry: if T::HAS_ENTRY {
            Some(fprobe_entry::<F, T>)
        } else {
            None
        },
        fprobe_data_size: if T::HAS_ENTRY {
            size_of::<Stamped<T::Data>>()
        } else {
            0
        },
        fprobe_exit: if T::HAS_RET {
            Some(fprobe_exit::<F, T>)
        } else {
            None
        },
        pre: if T::HAS_ENTRY {
            Some(pre::<F, T>)
        } else {
            None
        },
        entry: if T::HAS_ENTRY {
            Some(entry::<F, T>)
        } else {
            None
        },
        ret: if T::HAS_RET { Some(ret::<F, T>) } else { None },
    }
}

/// The probe, and its handler, that a callback was called for.
///
/// # Safety
///
/// `state` must be of a registered probe whose handler is a `T`, and `'a` must end with the callback.
#[inline(always)]
unsafe fn hit<'a, F: Signature, T>(state: *mut State) -> (&'a Core, &'a T) {
    // SAFETY: The caller promises that.
    unsafe { Probe::<T, Function<F>>::hit(state) }
}

/// What trampolines call.
struct Trampolined<F, T>(PhantomData<(fn() -> F, T)>);

impl<F: Signature, T: Handler<F>> Trampolined<F, T> {
    /// # Safety
    ///
    /// `owner` must be that of a registered probe whose handler is a `T`, and `'a` must end with the callback.
    #[inline(always)]
    unsafe fn hit<'a>(owner: *mut Owner) -> (&'a Core, &'a T) {
        // SAFETY: It is in the state of the probe.
        unsafe { hit::<F, T>(owner.byte_sub(offset_of!(State, owner)).cast()) }
    }

    /// # Safety
    ///
    /// As for [`direct::complete`].
    unsafe fn complete<const RETURNED: bool>(regs: *mut pt_regs) {
        // SAFETY: A frame begins with its registers.
        unsafe { direct::complete::<Self>(regs.cast(), RETURNED) }
    }
}

impl<F: Signature, T: Handler<F>> Calls for Trampolined<F, T> {
    const ENTRY: bool = T::HAS_ENTRY;
    const RET: bool = T::HAS_RET && !F::ON_STACK && size_of::<T::Data>() <= DATA_MAX;
    const REGISTERS: usize = F::REGISTERS;
    const RETURN_WORDS: usize = F::RETURN_WORDS;
    const DATA: usize = if Self::RET { size_of::<T::Data>() } else { 0 };

    #[link_section = ".kprobes.text"]
    #[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
    #[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
    unsafe extern "C" fn entry(frame: *mut c_void, owner: *mut Owner) -> bool {
        if !T::HAS_ENTRY {
            return true;
        }
        let frame: *mut Frame = frame.cast();
        // SAFETY: The trampoline passes its frame and its owner.
        let ((core, handler), regs) =
            unsafe { (Self::hit(owner), PtRegs::from_ptr(&raw const (*frame).regs)) };
        let cx = Context::new(core, regs, context::Entry, fault_of::<F, T>(handler)).of(Hit {
            site: 0,
            table: None,
            complete: Some(Self::complete::<false>),
        });
        match T::entry(handler, &cx) {
            Entry::Trace(value) if Self::RET => {
                // SAFETY: There is room for it, aligned to a machine word, see `prepare`.
                unsafe { direct::data(frame).cast::<T::Data>().write(value) };
                true
            }
            _ => false,
        }
    }

    #[link_section = ".kprobes.text"]
    #[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
    #[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
    unsafe extern "C" fn ret(frame: *mut c_void, owner: *mut Owner) {
        if !T::HAS_RET {
            return;
        }
        let frame: *mut Frame = frame.cast();
        // SAFETY: As above.
        let ((core, handler), regs) =
            unsafe { (Self::hit(owner), PtRegs::from_ptr(&raw const (*frame).regs)) };
        let cx = Context::new(core, regs, context::Ret, fault_of::<F, T>(handler)).of(Hit {
            site: 0,
            table: None,
            complete: Some(Self::complete::<true>),
        });
        // SAFETY: `entry` has written it for this call; without `entry` it is `()`.
        T::ret(handler, &cx, unsafe {
            &*direct::data(frame).cast::<T::Data>()
        });
    }
}

/// What ftrace calls: the entry is all that is of interest.
///
/// # Safety
///
/// To be called by ftrace only, for the ops of a probe whose handler is a `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn ftrace<F: Signature, T: Handler<F>>(
    site: usize,
    _parent: usize,
    ops: *mut c_void,
    fregs: *mut c_void,
) {
    // They are the first field of it.
    let state: *mut State = ops.cast();
    // SAFETY: It is alive during the call.
    let Some(_busy) = Busy::begin(unsafe { &(*state).owner.missed }) else {
        return;
    };
    let mut room = MaybeUninit::uninit();
    // SAFETY: The probe is registered, and ftrace passes registers of this CPU.
    unsafe {
        let regs = PtRegs::from_ptr(arch::ftrace_regs(fregs, &mut room, false));
        let (core, handler) = hit::<F, T>(state);
        let cx = Context::new(core, regs, context::Entry, fault_of::<F, T>(handler)).of(Hit {
            site,
            table: (*state).table.as_ref(),
            complete: None,
        });
        T::entry(handler, &cx);
    }
}

/// What is kept of a call by an fprobe. The kernel calls a probe that is registered where the one that has seen the entry was, so
/// calls say which one that was.
#[repr(C)]
pub(super) struct Stamped<D> {
    stamp: u64,
    data: D,
}

/// # Safety
///
/// `fprobe` must be what a callback of one is passed.
#[inline(always)]
unsafe fn state_of(fprobe: *mut c_void) -> *mut State {
    // SAFETY: The kernel's part is the first field of it, and has the fprobe there.
    unsafe {
        fprobe
            .byte_sub(bindings::RPROBES_FUNCTION_FPROBE as usize)
            .cast()
    }
}

/// # Safety
///
/// `regs` must be what a callback of an fprobe is passed, at the entry of a function, or as it has `returned`.
#[inline(always)]
unsafe fn fprobe_regs(
    regs: *mut c_void,
    room: &mut MaybeUninit<pt_regs>,
    returned: bool,
) -> *mut pt_regs {
    if bindings::RPROBES_FPROBE_HAS_FTRACE_REGS == 0 {
        return regs.cast();
    }
    // SAFETY: The caller promises that.
    unsafe { arch::ftrace_regs(regs, room, returned) }
}

/// # Safety
///
/// To be called by an fprobe only, of a probe whose handler is a `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn fprobe_entry<F: Signature, T: Handler<F>>(
    fprobe: *mut c_void,
    site: usize,
    _returns_to: usize,
    regs: *mut c_void,
    data: *mut c_void,
) -> c_int {
    // SAFETY: The kernel passes the fprobe of a probe.
    let state = unsafe { state_of(fprobe) };
    // The kernel lets through what a handler calls, once, and what interrupts call.
    // SAFETY: It is alive during the call, and callbacks of fprobes are called with preemption off.
    let Some(_busy) = (unsafe { BusyInAtomic::begin(&(*state).owner.missed) }) else {
        return 1;
    };
    let mut room = MaybeUninit::uninit();
    // SAFETY: The probe is registered, and registers are of this CPU.
    unsafe {
        let regs = PtRegs::from_ptr(fprobe_regs(regs, &mut room, false));
        let (core, handler) = hit::<F, T>(state);
        let cx = Context::new(core, regs, context::Entry, fault_of::<F, T>(handler)).of(Hit {
            site,
            table: (*state).table.as_ref(),
            complete: None,
        });
        match T::entry(handler, &cx) {
            Entry::Trace(value) => {
                // There is room for it, aligned to a machine word.
                data.cast::<Stamped<T::Data>>().write(Stamped {
                    stamp: (*state).stamp,
                    data: value,
                });
                0
            }
            Entry::Skip => 1,
        }
    }
}

/// # Safety
///
/// To be called by an fprobe only, of a probe whose handler is a `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn fprobe_exit<F: Signature, T: Handler<F>>(
    fprobe: *mut c_void,
    site: usize,
    _returns_to: usize,
    regs: *mut c_void,
    data: *mut c_void,
) {
    // SAFETY: The kernel passes the fprobe of a probe.
    let state = unsafe { state_of(fprobe) };
    // SAFETY: It is alive during the call, and callbacks of fprobes are called with preemption off.
    let Some(_busy) = (unsafe { BusyInAtomic::begin(&(*state).owner.missed) }) else {
        return;
    };
    let mut room = MaybeUninit::uninit();
    // SAFETY: The probe is registered, and registers are of this CPU.
    unsafe {
        let regs = PtRegs::from_ptr(fprobe_regs(regs, &mut room, true));
        let (core, handler) = hit::<F, T>(state);
        let cx = Context::new(core, regs, context::Ret, fault_of::<F, T>(handler)).of(Hit {
            site,
            table: (*state).table.as_ref(),
            complete: None,
        });
        if !T::HAS_ENTRY {
            // There is nothing that could be another's: it is `()`.
            T::ret(handler, &cx, &*core::ptr::dangling::<T::Data>());
            return;
        }
        let data = data.cast::<Stamped<T::Data>>();
        if data.is_null() || (*data).stamp != (*state).stamp {
            // Another probe has seen the entry.
            return;
        }
        // `entry` has written it for this call.
        T::ret(handler, &cx, &(*data).data);
    }
}

/// # Safety
///
/// `member` must be of a registered probe, and `'a` must end with the callback.
#[inline(always)]
unsafe fn hit_of<'a>(member: *mut Member, state: *mut State) -> Hit<'a> {
    // SAFETY: The caller promises that.
    unsafe {
        Hit {
            site: (*member).key,
            table: (*state).table.as_ref(),
            complete: None,
        }
    }
}

/// # Safety
///
/// To be called by a kprobe only, of a probe whose handler is a `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn pre<F: Signature, T: Handler<F>>(
    kp: *mut bindings::kprobe,
    regs: *mut pt_regs,
) -> c_int {
    let member: *mut Member = kp.cast();
    // SAFETY: Only members are registered, which begin with it. The kernel passes registers of this CPU.
    unsafe {
        let state: *mut State = (*member).state.cast();
        let (core, handler) = hit::<F, T>(state);
        let regs = PtRegs::from_ptr(regs);
        let cx = Context::new(core, regs, context::Entry, fault_of::<F, T>(handler));
        T::entry(handler, &cx.of(hit_of(member, state)));
    }
    0
}

/// # Safety
///
/// To be called by a kretprobe only, of a probe whose handler is a `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn entry<F: Signature, T: Handler<F>>(
    instance: *mut kretprobe_instance,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes an instance of the probe.
    let member: *mut Member = unsafe { of_instance(instance) }.cast();
    if member.is_null() {
        return 1;
    }
    // SAFETY: Only members are registered, which begin with it. The kernel passes registers of this CPU.
    unsafe {
        let state: *mut State = (*member).state.cast();
        let (core, handler) = hit::<F, T>(state);
        let regs = PtRegs::from_ptr(regs);
        let cx = Context::new(core, regs, context::Entry, fault_of::<F, T>(handler));
        match T::entry(handler, &cx.of(hit_of(member, state))) {
            Entry::Trace(value) => {
                // The instance has as many bytes for this call, aligned to a machine word.
                data::<T::Data>(instance).write(value);
                0
            }
            Entry::Skip => 1,
        }
    }
}

/// # Safety
///
/// To be called by a kretprobe only, of a probe whose handler is a `T`.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn ret<F: Signature, T: Handler<F>>(
    instance: *mut kretprobe_instance,
    regs: *mut pt_regs,
) -> c_int {
    // SAFETY: The kernel passes an instance of the probe.
    let member: *mut Member = unsafe { of_instance(instance) }.cast();
    if member.is_null() {
        return 0;
    }
    // SAFETY: Only members are registered, which begin with it. The kernel passes registers of this CPU.
    unsafe {
        let state: *mut State = (*member).state.cast();
        let (core, handler) = hit::<F, T>(state);
        let regs = PtRegs::from_ptr(regs);
        let cx = Context::new(core, regs, context::Ret, fault_of::<F, T>(handler));
        // `entry` has written it for this call; without `entry` it is `()`.
        T::ret(
            handler,
            &cx.of(hit_of(member, state)),
            &*data::<T::Data>(instance),
        );
    }
    0
}
