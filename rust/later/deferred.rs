// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Work that a handler leaves to process context.
//!
//! ```text
//!  handler, any context             process context
//!      |                                  |
//!  Deferred::push  ---> queue --->  the function, for each in turn; it may sleep
//!      |                                  |
//!   refused, if it is full          Deferred: dropped: does what is queued, then goes
//! ```
//!
//! - *Order.* Work is done in the order in which it was pushed, one after the other, also if several CPUs push.
//! - *Delay.* `push` raises an interrupt of its own CPU, and that wakes a worker, so a moment; but what is queued waits for what
//!   came before.
//! - *Losses.* The queue has room for as many as was asked for. What it has no room for is refused: `push` returns false, and
//!   [`stats`](Deferred::stats) counts it.
//! - *Its end.* When it is dropped, what is still queued is done first, by whoever drops it. If it is leaked, what is queued when
//!   the module is unloaded is not done.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Full, Relaxed},
};

use super::worker::{What, Worker};
use crate::collect::Ring;

/// A queue of work for a function that runs in process context, where it may sleep, allocate and print. Handlers push to it, on any
/// CPU and in any context, also in an NMI.
///
/// Nothing is locked or allocated, and nothing waits. The memory that it takes is that of its [`Ring`].
///
/// It is dropped in process context: dropping it in a handler of a probe stops the machine, as dropping a probe there does. Nor does it wait
/// for itself: if its own function drops it, then that returns, and is not called again; what is left is not done, and its memory is lost, and
/// the kernel log says so. Two functions, of this or of a [`Timer`](crate::Timer), must not drop what the other one is of: each would wait
/// for the other for ever.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, Kprobe, PreContext}, Deferred, Target};
///
/// #[derive(Clone, Copy)]
/// struct Fork {
///     pid: i32,
/// }
///
/// struct Report(Deferred<Fork>);
///
/// #[vtable]
/// impl kprobe::Handler for Report {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.0.push(Fork { pid: cx.pid() });
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<Kprobe<Report>>>> {
///     let deferred = Deferred::new(256, |fork: Fork| {
///         // This may sleep.
///         pr_info!("{} forks\n", fork.pid);
///     })?;
///     KBox::pin_init(Kprobe::new(Target::symbol(c"kernel_clone"), Report(deferred)), GFP_KERNEL)
/// }
/// ```
#[doc(alias = "schedule_work")]
#[doc(alias = "irq_work_queue")]
#[doc(alias = "task_work_add")]
pub struct Deferred<W: Copy + Send + 'static>(Worker<Queue<W>>);

struct Queue<W: Copy + Send> {
    ring: Ring<W>,
    /// Whether the worker was asked to look since it last began to.
    is_asked: Atomic<u32>,
    done: Atomic<u64>,
}

/// How much work there was so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// What was taken, whether it is done or not.
    pub queued: u64,
    /// What was done.
    pub done: u64,
    /// What there was no room for.
    pub refused: u64,
}

impl<W: Copy + Send + 'static> Deferred<W> {
    /// A queue with room for `len`, or for the next power of two, and the function that does the work. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for a `len` of 0, `EDEADLK` in atomic context, `ESHUTDOWN` while the module is being unloaded, and [`ENOMEM`]. The kernel log has the
    /// cause.
    pub fn new(len: usize, mut function: impl FnMut(W) + Send + 'static) -> Result<Self> {
        if len == 0 {
            log!(ERR, "no deferred work: a queue of length 0 has no room\n");
            return Err(EINVAL);
        }
        let what = What {
            name: "queue of deferred work",
            finishes: true,
        };
        let worker = Worker::new(
            what,
            || {
                Ok(Queue {
                    ring: Ring::new(len)?,
                    is_asked: Atomic::new(0),
                    done: Atomic::new(0),
                })
            },
            move |shared| {
                let queue = shared.with();
                // Who pushes after this asks again; what was pushed before is seen here.
                queue.is_asked.xchg(0, Full);
                while shared.goes_on() {
                    let Some(work) = queue.ring.pop() else {
                        break;
                    };
                    function(work);
                    queue.done.fetch_add(1, Relaxed);
                }
            },
        )?;
        Ok(Self(worker))
    }

    /// Has `work` done a moment later. Returns false, and counts it as refused, if there is no room. Any context.
    pub fn push(&self, work: W) -> bool {
        let queue = self.0.shared();
        let pushed = queue.ring.push(work);
        // Once, until the worker looks: asking raises an interrupt, and what that calls may be what is probed.
        if pushed && queue.is_asked.xchg(1, Full) == 0 {
            self.0.queue();
        }
        pushed
    }

    /// How much work there was so far. Any context.
    pub fn stats(&self) -> Stats {
        let queue = self.0.shared();
        // In this order, so that no more is done than was queued.
        let done = queue.done.load(Relaxed);
        Stats {
            queued: queue.ring.pushed(),
            done,
            refused: queue.ring.dropped(),
        }
    }
}
