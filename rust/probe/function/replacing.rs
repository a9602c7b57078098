// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What is called in place of a function, and how that calls the function itself.

use core::{ffi::c_void, marker::PhantomData, mem::offset_of, sync::atomic::Ordering::Relaxed};

use super::{
    super::{
        context::{AtEntry, Context, Hit, Moment, WithRegisters},
        node::{Core, Probe},
    },
    state::{AsHook, Callbacks, Function, State},
};
use crate::{
    bindings,
    machine::{
        arch,
        direct::{self, Frame, Owner, Replaces, Words},
        PtRegs,
    },
    types,
};

/// What a hook does.
///
/// `&self` is shared between all CPUs and tasks, hence `Send` and `Sync`; `'static`, as a leaked hook goes on until the
/// module is unloaded.
pub trait Replacement<F: types::Function>: Send + Sync + 'static {
    /// Called instead of the function, in the context of its caller: where the function may sleep, so may this.
    fn call(&self, cx: &Context<'_, Call, F>) -> Returned<F>;
}

/// The context of a hook: a call of a function that is to be done instead.
pub struct Call(*mut Frame);

impl Moment for Call {
    const PREEMPTIBLE: bool = true;
}

impl WithRegisters for Call {}

impl AtEntry for Call {}

/// What a call returns.
pub struct Returned<F> {
    words: Words,
    function: PhantomData<fn() -> F>,
}

impl<F: types::Function> Returned<F> {
    /// What the function returns, by its type.
    pub fn value(&self) -> F::Return {
        let mut regs = kernel::bindings::pt_regs::default();
        arch::set_return_words(&mut regs, [self.words.0, self.words.1]);
        // SAFETY: They are there until the end of this.
        F::returned(unsafe { PtRegs::from_ptr(&raw const regs) })
    }

    /// To return this instead, as C would: `Returned::with(-1)` is `-EPERM`. Nothing, for a function that returns nothing.
    pub fn with(word: isize) -> Self {
        Self {
            words: Words(word as usize, 0),
            function: PhantomData,
        }
    }
}

impl<F: types::Function> Context<'_, Call, F> {
    /// Calls the function itself, with the arguments that it was called with, or that [`PtRegs::set_arg`] has put in their place. It may be called several times, or not at all.
    pub fn original(&self) -> Returned<F> {
        Returned {
            // SAFETY: It is the frame of this call. A hook is only planted where arguments are in registers; who
            // changes them promises that the function can do with that.
            words: unsafe { direct::call_body(self.phase().0) },
            function: PhantomData,
        }
    }
}

/// The callbacks for hooks of a type.
pub(super) fn callbacks<F: types::Function, T: Replacement<F>>() -> Callbacks {
    Callbacks {
        has_ret: true,
        is_hook: true,
        no_direct_ret: F::ON_STACK
            .then_some("it has arguments that are not in registers, and a hook would move them"),
        trampolines: direct::SUPPORTED.then_some(direct::replacements::<Replaced<F, T>>),
        ..Callbacks::default()
    }
}

/// What trampolines call.
struct Replaced<F, T>(PhantomData<(fn() -> F, T)>);

impl<F: types::Function, T: Replacement<F>> Replaces for Replaced<F, T> {
    const REGISTERS: usize = F::REGISTERS;

    unsafe extern "C" fn call(frame: *mut c_void, owner: *mut Owner) -> Words {
        let frame: *mut Frame = frame.cast();
        // SAFETY: The trampoline passes its frame, and its owner, which is in the state of the hook.
        unsafe {
            let state: *mut State = owner.byte_sub(offset_of!(State, owner)).cast();
            if is_nested(state, frame) {
                (*owner).missed.fetch_add(1, Relaxed);
                return direct::call_body(frame);
            }
            let (core, handler): (&Core, &T) = Probe::<T, Function<F, AsHook>>::hit(state.cast());
            let regs = PtRegs::from_ptr(&raw const (*frame).regs);
            let cx = Context::new(core, regs, Call(frame), None).of(Hit {
                site: 0,
                table: None,
                complete: Some(direct::complete_replaced),
            });
            T::call(handler, &cx).words
        }
    }
}

/// Whether a call is made by the hook of the same function, in whatever way.
///
/// # Safety
///
/// `state` must be that of a hook that was planted, and `frame` the frame of a call of it.
unsafe fn is_nested(state: *mut State, frame: *mut Frame) -> bool {
    // SAFETY: The caller promises that; it is written before the hook is planted.
    let Some(trampoline) = (unsafe { (*state).trampoline }) else {
        return false;
    };
    let calls = bindings::rprobes_calls {
        id: trampoline.id(),
        mark: trampoline.mark,
        ..Default::default()
    };
    // SAFETY: It looks at the stack of the current task only.
    unsafe { bindings::rprobes_calls_nested(&raw const calls, frame.add(1) as usize) }
}
