// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Hooks: a function of this module's is called in place of one of the kernel's.
//!
//! C header: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h), `register_ftrace_direct()`
//!
//! ```text
//!  the function is called ---> Replacement::call(&self, &HookContext)
//!                                  |  before
//!                                  |  cx.original() ---> the function
//!                                  |  after
//!  it returns             <--------'  Returned
//! ```
//!
//! # Guarantees
//!
//! - The hook runs where the function would: in the context of its caller, with preemption as it was, as often at a time as
//!   there are callers.
//! - If the hook calls the function in other ways than by [`Context::original`](crate::Context::original), however indirectly, that
//!   call goes to the function itself, and is counted in [`Stats::missed`](crate::Stats). For that the stack of the task is searched at each call, which costs about one
//!   instruction for each word that is on it. On the stacks of interrupts nothing is searched: there, a hook must not reach its function.
//! - Calls by tasks that exit, or by idle CPUs, go to the function itself, and are counted in [`Stats::not_followed`](crate::Stats).
//! - Dropped, it waits for all calls that are in the hook, or in the function by way of it, as long as they may sleep: see [`fprobe`](super::fprobe). A task never returns
//!   to a module that is gone.
//!
//! It is there where a direct call is: on x86_64 and arm64 with `CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS`, for one at a time, with arguments in registers.

use core::marker::PhantomPinned;

use kernel::prelude::*;

use super::{
    context::Context,
    function::{AsHook, Function, Options, Registered},
    Stats,
};
use crate::{
    place::{Symbol, Target},
    types,
};

pub use super::function::{Call, Replacement, Returned};

/// The context of [`Replacement::call`].
pub type HookContext<'a, F> = Context<'a, Call, F>;

/// A hook, in place from its initialisation until it is dropped.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::hook::{Hook, HookContext, Replacement, Returned};
///
/// rprobes::kernel_types! { fn vfs_rmdir; }
///
/// struct Log;
///
/// impl Replacement<vfs_rmdir> for Log {
///     fn call(&self, cx: &HookContext<'_, vfs_rmdir>) -> Returned<vfs_rmdir> {
///         pr_info!("{} removes a directory\n", cx.comm());
///         let returned = cx.original();
///         pr_info!("that was {}\n", returned.value());
///         returned
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Hook<Log, vfs_rmdir>>>> {
///     // SAFETY: It does what the function does, and logs besides, which is allowed where that is called.
///     KBox::pin_init(unsafe { Hook::new(vfs_rmdir::TARGET, Log) }, GFP_KERNEL)
/// }
/// # fn main() {}
/// ```
#[doc(alias = "register_ftrace_direct")]
#[doc(alias = "FTRACE_OPS_FL_IPMODIFY")]
#[pin_data]
pub struct Hook<T, F: types::Function> {
    #[pin]
    registered: Registered<T, Function<F, AsHook>>,
    #[pin]
    _pin: PhantomPinned,
}

impl<T, F> Hook<T, F>
where
    F: types::Function,
    T: Replacement<F>,
{
    /// Puts a hook in place. The handler is initialised first, as it may be called before this returns.
    ///
    /// Process context.
    ///
    /// # Errors
    ///
    /// As for [`Fprobe::new`](crate::Fprobe::new), and `EOPNOTSUPP` where there is no direct call; [`EBUSY`] where something else has it.
    ///
    /// # Safety
    ///
    /// - What `handler` does is allowed in all contexts in which the function is called: where that must not sleep, so must not this.
    /// - The callers can do with what it returns, and without whatever the function does, if it does not call that.
    /// - The function is the one that `F` says. The build has looked that up; at load it is compared where that can be done.
    pub unsafe fn new<'a, E>(
        target: Target<'a, F>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        try_pin_init!(Self {
            registered <- Registered::new(target.into(), Options::default(), handler),
            _pin: PhantomPinned,
        })
    }
}

impl<T, F: types::Function> Hook<T, F> {
    /// The handler, to read what it has gathered. Any context.
    #[inline]
    pub fn handler(&self) -> &T {
        self.registered.handler()
    }

    /// The function. Any context.
    pub fn function(&self) -> Symbol {
        Symbol(self.registered.selected().functions[0])
    }

    /// How many calls went to the function itself, and why. Any context.
    pub fn stats(&self) -> Option<Stats> {
        self.registered.stats()
    }
}
