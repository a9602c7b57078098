// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What belongs to a probe on functions, besides its handler.

use core::{
    ffi::c_void,
    marker::PhantomData,
    sync::atomic::{AtomicBool, AtomicU32, AtomicUsize},
};

use kernel::prelude::*;

use super::{super::stats::Mechanism, kprobes::Kprobes};
use crate::{
    bindings,
    machine::direct::{Owner, Trampoline, Trampolines},
    place::{
        functions::{Selected, Table},
        Pin,
    },
};

/// The kind of an [`Fprobe`](crate::fprobe::Fprobe), or of a [`Hook`](crate::hook::Hook).
pub struct Function<F, What = AsProbe>(PhantomData<fn() -> (F, What)>);

/// What is at a function.
pub trait Is: 'static {
    /// What messages call it.
    const NAME: &'static str;
}

/// A probe.
pub enum AsProbe {}

impl Is for AsProbe {
    const NAME: &'static str = "function probe";
}

/// A hook.
pub enum AsHook {}

impl Is for AsHook {
    const NAME: &'static str = "hook";
}

/// What to plant a probe by, in the order in which it is tried, as many as there are.
pub(super) type Candidates = [Option<Mechanism>; 3];

/// How a function probe is set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The mechanism to use, instead of the cheapest that does. If it does not, the probe is refused.
    pub mechanism: Option<Mechanism>,
    /// How many calls a kretprobe follows at a time, if it comes to that; 0 for the kernel's choice, twice the number of CPUs and at least 10.
    pub maxactive: u16,
    /// Whether it is disabled until [`Fprobe::enable`](crate::fprobe::Fprobe::enable).
    pub disabled: bool,
}

/// What the kernel knows, and what this crate needs to find its way.
#[derive(Default)]
#[repr(C)]
pub struct State {
    /// First, as ftrace passes a pointer to it.
    pub(super) kernel: bindings::rprobes_function,
    /// What trampolines pass a pointer to.
    pub(super) owner: Owner,
    pub(super) callbacks: Callbacks,
    pub(super) options: Options,
    pub(super) selected: Selected,
    /// If there are several functions.
    pub(super) table: Option<Table>,
    pub(super) candidates: Candidates,
    /// The number of the mechanism that it was planted by, and 1; 0 before.
    pub(super) mechanism: AtomicU32,
    pub(super) is_armed: AtomicBool,
    /// Taken as it is first needed, and given back when the probe is unregistered.
    pub(super) trampoline: Option<Trampoline>,
    /// Kept until the end, once they are there.
    pub(super) kprobes: Option<Kprobes>,
    /// What was missed while it was planted before.
    pub(super) missed: AtomicUsize,
    /// Unlike that of any other that is, or was, planted by an fprobe. Written while it is not planted.
    pub(super) stamp: u64,
    /// Keeps the modules of the functions.
    pub(super) pins: KVec<Pin>,
}

impl State {
    /// Says where it is to be planted. Not to be called once it is registered.
    pub(crate) fn select(&mut self, mut selected: Selected) {
        self.pins = core::mem::take(&mut selected.pins);
        self.selected = selected;
    }

    /// What was selected. It is the same from the registration on.
    pub(crate) fn selected(&self) -> &Selected {
        &self.selected
    }
}

/// What is called for a type of handlers.
#[derive(Clone, Copy, Default)]
pub(super) struct Callbacks {
    /// Whether something is called when a function returns, or instead of it.
    pub(super) has_ret: bool,
    pub(super) is_hook: bool,
    pub(super) data_size: usize,
    pub(super) fprobe_data_size: usize,
    /// Why a direct call cannot follow calls until they return.
    pub(super) no_direct_ret: Option<&'static str>,
    pub(super) trampolines: Option<fn() -> Trampolines>,
    pub(super) ftrace: Option<FtraceFn>,
    pub(super) fprobe_entry: Option<FprobeFn<c_int>>,
    pub(super) fprobe_exit: Option<FprobeFn<()>>,
    pub(super) pre: bindings::kprobe_pre_handler_t,
    pub(super) entry: bindings::kretprobe_handler_t,
    pub(super) ret: bindings::kretprobe_handler_t,
}

/// C: `ftrace_func_t`.
pub(super) type FtraceFn = unsafe extern "C" fn(usize, usize, *mut c_void, *mut c_void);

/// C: `fprobe_entry_cb`, `fprobe_exit_cb`.
pub(super) type FprobeFn<R> =
    unsafe extern "C" fn(*mut c_void, usize, usize, *mut c_void, *mut c_void) -> R;
