// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What makes a kind of probe. A further kind implements both traits, in a file of its own.

use kernel::prelude::*;

use super::Stats;
use crate::place::Location;

/// A kind of probe: how the kernel is asked for it.
///
/// All functions are called in process context. Those that take a `raw` may be called at the same time as others, and
/// also for a probe that was just unregistered: they are then without effect.
pub trait Kind: Sized + 'static {
    /// The kernel's part of such a probe. A pointer to it is what callbacks are passed, or find.
    type Raw: Default;

    /// How such a probe is set up.
    type Options: Copy + Default + Send + Sync + 'static;

    /// What its handlers know of the place.
    type Function: 'static;

    /// What messages call it.
    const NAME: &'static str;

    /// Whether `register` and `arm` say in the kernel log why they fail. Else [`refusal`](Self::refusal) is asked.
    const EXPLAINS: bool = false;

    /// The default options, but disabled at first.
    const DISABLED: Self::Options;

    /// Whether it is to be armed as soon as it is registered.
    fn starts_armed(options: &Self::Options) -> bool;

    /// Registers a probe, disabled, and returns its address.
    ///
    /// # Safety
    ///
    /// `raw` must have been [prepared](Handles::prepare), must not be registered, and must stay where it is until it is
    /// unregistered.
    unsafe fn register(raw: *mut Self::Raw, location: &Location) -> Result<usize>;

    /// Unregisters probes, and waits once for handlers of all of them that are running.
    ///
    /// # Safety
    ///
    /// All of them must be registered.
    unsafe fn unregister(raws: &mut [*mut Self::Raw]);

    /// Arms a probe. `Ok(false)` means that the kernel took the request, but armed nothing, as probes are switched
    /// off.
    ///
    /// # Safety
    ///
    /// `raw` must be or have been registered.
    unsafe fn arm(raw: *mut Self::Raw) -> Result<bool>;

    /// Disarms a probe; handlers that are running go on.
    ///
    /// # Safety
    ///
    /// `raw` must be or have been registered.
    unsafe fn disarm(raw: *mut Self::Raw) -> Result;

    /// What became of a probe so far.
    ///
    /// # Safety
    ///
    /// `raw` must be or have been registered.
    unsafe fn stats(raw: *mut Self::Raw, address: usize) -> Stats;

    /// Why the kernel refused a probe, for errors that mean something special to this kind.
    fn refusal(error: Error, location: &Location) -> Option<&'static str>;
}

/// A kind of probe that `T` is a handler of.
pub trait Handles<T>: Kind {
    /// Fills in the callbacks of `T`: they get the `raw` of a [`Probe<T, Self>`](super::node::Probe).
    fn prepare(raw: &mut Self::Raw, options: &Self::Options) -> Result;
}
