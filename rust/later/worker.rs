// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Functions that run in process context, and how they are sure not to run when they are gone.
//!
//! C headers: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h),
//! [`include/linux/irq_work.h`](srctree/include/linux/irq_work.h),
//! [`include/linux/hrtimer.h`](srctree/include/linux/hrtimer.h)
//!
//! Each is in a box, with what it needs, and in a list of the module. It goes in one of these ways:
//!
//! - *Its owner is dropped.* That waits for it, then frees it.
//! - *Its owner is dropped by the function itself.* That cannot wait, so the function runs to its end, does not begin again, and
//!   stays in memory.
//! - *Its owner is leaked.* It goes on until the module is unloaded. Then, first of all, everything in the list is
//!   [stopped](stop): what runs is waited for, and nothing begins. Only then are probes drained, as what ran might have planted
//!   some; and only then is the list [emptied](drain), as handlers of these might have asked for something to run.
//!
//! It is run by a workqueue of the module, which never runs the same work item twice at a time.

use core::{cell::UnsafeCell, ptr::NonNull};

use kernel::{error::to_result, prelude::*, types::Opaque};

use crate::{
    bindings,
    errno::{self, Errno},
    probe::{check_may_drop, check_may_sleep},
};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else: nothing would drain the list of another module.
    static rprobes_needs_its_module_macro: u8;
}

/// The owner of a function, and of what it shares with others.
///
/// # Invariants
///
/// It came out of a box of a [`Whole`], which is pinned, and was linked. `free` frees it.
pub(super) struct Worker<S: Send + Sync + 'static> {
    shared: NonNull<Shared<S>>,
    free: unsafe fn(NonNull<Shared<S>>),
}

/// What a function shares with its owner.
#[repr(C)]
pub(super) struct Shared<S> {
    /// First, so that what is in the list is also this.
    raw: Opaque<bindings::rprobes_worker>,
    what: What,
    run: unsafe fn(NonNull<Shared<S>>),
    with: S,
}

/// A function, behind what it shares.
#[repr(C)]
struct Whole<S, F> {
    shared: Shared<S>,
    function: UnsafeCell<F>,
}

/// What messages call it.
#[derive(Clone, Copy)]
pub(super) struct What {
    pub(super) name: &'static str,
    /// Whether what it was asked for is done as its owner is dropped.
    pub(super) finishes: bool,
}

// SAFETY: A function is `Send`, and is run, and dropped, by one task at a time.
unsafe impl<S: Send + Sync> Send for Worker<S> {}
// SAFETY: What is shared is `Sync`, and so are the helpers.
unsafe impl<S: Send + Sync> Sync for Worker<S> {}

impl<S: Send + Sync + 'static> Worker<S> {
    /// Process context. It does not run before it is asked to.
    ///
    /// # Errors
    ///
    /// `EDEADLK` in atomic context, `ESHUTDOWN` while the module is being unloaded, and [`ENOMEM`]. The cause is in the kernel log.
    pub(super) fn new<F>(what: What, with: impl FnOnce() -> Result<S>, function: F) -> Result<Self>
    where
        F: FnMut(&Shared<S>) + Send + 'static,
    {
        // The address is all that matters: it makes the linker ask for the definition.
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        check_may_sleep().inspect_err(|_| {
            log!(
                ERR,
                "no {}: it is made in process context, not in a handler\n",
                what.name
            );
        })?;
        let whole = Whole {
            shared: Shared {
                raw: Opaque::zeroed(),
                what,
                run: run::<S, F>,
                with: with()?,
            },
            function: UnsafeCell::new(function),
        };
        let whole = KBox::into_raw(KBox::new(whole, GFP_KERNEL)?);
        // SAFETY: A box is not null, and what is shared is its first part.
        let shared: NonNull<Shared<S>> = unsafe { NonNull::new_unchecked(whole.cast()) };
        // SAFETY: It is in no list, and stays where it is until it is unlinked, or for ever. The callback is for it.
        let linked = to_result(unsafe {
            bindings::rprobes_worker_link(shared.as_ref().raw.get(), Some(run_raw::<S>))
        });
        linked.inspect_err(|error| {
            let why = if errno::is(*error, kernel::bindings::ESHUTDOWN) {
                "the module is being unloaded"
            } else {
                "the kernel gives it no workqueue"
            };
            log!(ERR, "no {}: {} ({})\n", what.name, why, Errno(*error));
            // SAFETY: It came out of this box, and nobody else knows it.
            drop(unsafe { KBox::from_raw(whole) });
        })?;
        // INVARIANT: As above.
        Ok(Self {
            shared,
            free: free::<S, F>,
        })
    }

    pub(super) fn shared(&self) -> &S {
        // SAFETY: By the type invariants.
        unsafe { &(*self.shared.as_ptr()).with }
    }

    fn raw(&self) -> *mut bindings::rprobes_worker {
        // SAFETY: By the type invariants.
        unsafe { self.shared.as_ref() }.raw.get()
    }

    /// Has the function run a moment later, or once more if it is running. Any context.
    pub(super) fn queue(&self) {
        // SAFETY: By the type invariants it was linked, and it is not unlinked before this is dropped, but by the drain, when
        // nobody calls this any more.
        unsafe { bindings::rprobes_worker_queue(self.raw()) };
    }

    /// Has the function run after so many nanoseconds, and then every `period`, unless that is 0.
    ///
    /// # Safety
    ///
    /// To be called once, and instead of [`queue`](Self::queue).
    pub(super) unsafe fn start(&self, after: u64, period: u64) {
        // SAFETY: By the type invariants it was linked. It has not run yet, as nobody has asked for it.
        unsafe { bindings::rprobes_worker_start(self.raw(), after, period) };
    }
}

impl<S> Shared<S> {
    pub(super) fn with(&self) -> &S {
        &self.with
    }

    /// Whether there may be more of what the function does. To be asked by the function, in process context.
    pub(super) fn goes_on(&self) -> bool {
        // SAFETY: It was linked, as the function runs.
        unsafe { bindings::rprobes_worker_goes_on(self.raw.get()) }
    }
}

impl<S: Send + Sync + 'static> Drop for Worker<S> {
    fn drop(&mut self) {
        // SAFETY: By the type invariants.
        let (what, run) = unsafe { (self.shared.as_ref().what, self.shared.as_ref().run) };
        // SAFETY: By the type invariants it was linked.
        if unsafe { bindings::rprobes_worker_end_inside(self.raw()) } {
            log!(
                ERR,
                "a {} was dropped by its own handler, so its memory is lost; drop it elsewhere\n",
                what.name
            );
            return;
        }
        check_may_drop();
        // SAFETY: As above. It is not queued any more: nobody else refers to this.
        if unsafe { bindings::rprobes_worker_unlink(self.raw()) } && what.finishes {
            // SAFETY: It does not run any more, and here it is run by this task alone.
            unsafe { run(self.shared) };
        }
        // SAFETY: By the type invariants, and nobody knows it any more.
        unsafe { (self.free)(self.shared) };
    }
}

/// # Safety
///
/// To be called by the helper only, with what was linked for an `S`.
unsafe extern "C" fn run_raw<S>(raw: *mut bindings::rprobes_worker) {
    // SAFETY: It is the first part of what is shared, which is alive: its owner waits for this, or has leaked it.
    unsafe {
        let shared = NonNull::new_unchecked(raw.cast::<Shared<S>>());
        let run = (*shared.as_ptr()).run;
        run(shared);
    }
}

/// # Safety
///
/// `shared` must be the first part of a `Whole<S, F>` that is alive, and no other task may run it.
unsafe fn run<S, F: FnMut(&Shared<S>)>(shared: NonNull<Shared<S>>) {
    let whole: *mut Whole<S, F> = shared.as_ptr().cast();
    // SAFETY: The caller promises that it is alive, and that nobody else uses the function: owners do not, and a workqueue does
    // not run the same work item twice at a time. Nor can the function run itself: an owner that is dropped inside does not.
    unsafe { (*(*whole).function.get())(&(*whole).shared) };
}

/// # Safety
///
/// `shared` must be the first part of a `Whole<S, F>` that came out of a box, and is not used after this.
unsafe fn free<S, F>(shared: NonNull<Shared<S>>) {
    // SAFETY: The caller promises that.
    drop(unsafe { KBox::<Whole<S, F>>::from_raw(shared.as_ptr().cast()) });
}

/// Nothing in the list runs any more after this. Called when the module goes away, before its probes are drained.
pub(crate) fn stop() {
    // SAFETY: Process context, and not in what runs.
    unsafe { bindings::rprobes_workers_stop() };
}

/// Empties the list. Called when the module goes away, after its probes and streams were drained.
pub(crate) fn drain() {
    /// # Safety
    ///
    /// To be called by the helper only, with what it has just taken off the list.
    unsafe extern "C" fn drained(raw: *mut bindings::rprobes_worker) {
        // SAFETY: What was in the list is alive, and begins alike whatever is shared.
        let what = unsafe { (*raw.cast::<Shared<()>>()).what };
        log!(
            WARNING,
            "a {} was leaked (mem::forget, or a reference cycle?); it has come to its end\n",
            what.name
        );
    }

    // SAFETY: Everything was stopped, and who asks for something to run is gone: handlers of probes, and what is called for readers of
    // streams.
    unsafe { bindings::rprobes_workers_drain(Some(drained)) };
}
