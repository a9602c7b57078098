// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Something to be done at a time.
//!
//! C header: [`include/linux/hrtimer.h`](srctree/include/linux/hrtimer.h)

use kernel::{prelude::*, time::Delta};

use super::worker::{What, Worker};

/// Calls a function in process context, where it may sleep, allocate and print: every so often, or once. From when this is dropped, it does
/// not: dropping it waits for the function, if that is running.
///
/// It is never called too early, nor twice at a time. A timer of the kernel with high resolution wakes a worker, so it is called some tens of microseconds
/// late on an idle machine, and later if no CPU is free. That does not add up: a timer that expires every 100 ms does so 10 times a second. Times that pass while the function
/// runs are left out.
///
/// It is dropped in process context, and not by its own function: see [`Deferred`](crate::Deferred). If it is leaked, it goes on until the
/// module is unloaded.
///
/// # Examples
///
/// To report every 100 ms, and to arm a probe again that has [disabled itself](crate::Context::disable_later):
///
/// ```
/// use kernel::{prelude::*, sync::{atomic::{Atomic, Relaxed}, Arc}, time::Delta};
/// use rprobes::{kprobe::{self, Kprobe, PreContext}, Target, Timer};
///
/// /// Sees one hit, now and then.
/// struct Sample(Atomic<u64>);
///
/// #[vtable]
/// impl kprobe::Handler for Sample {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.0.fetch_add(1, Relaxed);
///         cx.disable_later();
///     }
/// }
///
/// struct Example {
///     // Dropped in this order.
///     _timer: Timer,
///     _probe: Arc<Kprobe<Sample>>,
/// }
///
/// fn example() -> Result<Example> {
///     let probe = Kprobe::new(Target::symbol(c"vfs_read"), Sample(Atomic::new(0)));
///     let probe = Arc::pin_init(probe, GFP_KERNEL)?;
///     let armed = probe.clone();
///     let timer = Timer::every(Delta::from_millis(100), move || {
///         pr_info!("{} samples\n", armed.handler().0.load(Relaxed));
///         let _ = armed.enable();
///     })?;
///     Ok(Example { _timer: timer, _probe: probe })
/// }
/// ```
#[doc(alias = "hrtimer_start")]
#[doc(alias = "mod_timer")]
#[doc(alias = "queue_delayed_work")]
pub struct Timer(#[expect(dead_code, reason = "dropped with this")] Worker<()>);

impl Timer {
    /// Calls `function` every `period`, for the first time after one of them. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for a period of 0 or less, `EDEADLK` in atomic context, `ESHUTDOWN` while the module is being unloaded, and [`ENOMEM`]. The kernel log
    /// has the cause.
    pub fn every(period: Delta, function: impl FnMut() + Send + 'static) -> Result<Self> {
        let period = nanoseconds(period)?;
        Self::new(period, period, function)
    }

    /// Calls `function` once, `after` that time. Process context.
    ///
    /// # Errors
    ///
    /// As [`every`](Self::every).
    pub fn once(after: Delta, function: impl FnOnce() + Send + 'static) -> Result<Self> {
        let mut function = Some(function);
        Self::new(nanoseconds(after)?, 0, move || {
            if let Some(function) = function.take() {
                function();
            }
        })
    }

    fn new(after: u64, period: u64, mut function: impl FnMut() + Send + 'static) -> Result<Self> {
        let what = What {
            name: "timer",
            finishes: false,
        };
        let worker = Worker::new(what, || Ok(()), move |_| function())?;
        // SAFETY: Once, and nothing else asks for it.
        unsafe { worker.start(after, period) };
        Ok(Self(worker))
    }
}

fn nanoseconds(delta: Delta) -> Result<u64> {
    u64::try_from(delta.as_nanos())
        .ok()
        .filter(|ns| *ns > 0)
        .ok_or_else(|| {
            log!(
                ERR,
                "no timer: {} ns is no time to wait\n",
                delta.as_nanos()
            );
            EINVAL
        })
}
