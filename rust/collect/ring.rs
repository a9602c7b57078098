// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Handing events from handlers to process context.

use core::{cell::UnsafeCell, mem::MaybeUninit};

use kernel::{
    alloc::flags::__GFP_NOWARN,
    prelude::*,
    sync::atomic::{Acquire, Atomic, Relaxed, Release},
};

use crate::machine;

/// A queue of fixed size that handlers push to, on any CPU and in any context, and that process context takes from.
///
/// Nothing is locked and nothing waits: when it is full, what is pushed is dropped and counted. So a handler need
/// neither sleep nor print to report what it has seen.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::Arc};
/// use rprobes::{kprobe::{self, Kprobe, PreContext}, Ring, Target};
///
/// #[derive(Clone, Copy)]
/// struct Event {
///     pid: i32,
///     time: u64,
/// }
///
/// struct Record(Arc<Ring<Event>>);
///
/// #[vtable]
/// impl kprobe::Handler for Record {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.0.push(Event { pid: cx.pid(), time: cx.timestamp() });
///     }
/// }
///
/// fn print(ring: &Ring<Event>) {
///     while let Some(event) = ring.pop() {
///         pr_info!("{} at {}\n", event.pid, event.time);
///     }
///     pr_info!("{} events were dropped\n", ring.dropped());
/// }
/// ```
///
/// # Invariants
///
/// The number of slots is a power of two. The turn of slot `i` is, for the pushes and pops with a position `p` that
/// is `i` modulo that number: `p` if it is free to be pushed to, and `p + 1` if it has what was pushed.
pub struct Ring<T: Copy + Send> {
    slots: KVVec<Slot<T>>,
    /// Where the next push goes.
    head: Atomic<usize>,
    /// Where the next pop comes from.
    tail: Atomic<usize>,
    dropped: Atomic<u64>,
}

struct Slot<T> {
    turn: Atomic<usize>,
    value: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: A value goes from the CPU that pushes it to the one that pops it, and `T` is `Send`; the turn of a slot says
// who may touch the value.
unsafe impl<T: Copy + Send> Sync for Ring<T> {}

impl<T: Copy + Send> Ring<T> {
    /// A ring with room for `len` values, or for the next power of two. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for a `len` of 0; [`ENOMEM`] for one that takes more than half of the memory that there is.
    pub fn new(len: usize) -> Result<Self> {
        let len = len
            .checked_next_power_of_two()
            .filter(|_| len > 0)
            .ok_or(EINVAL)?;
        machine::check_may_take(len, size_of::<Slot<T>>())?;
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let mut slots = KVVec::with_capacity(len, flags)?;
        for i in 0..len {
            // INVARIANT: The first push of slot `i` has position `i`.
            let slot = Slot {
                turn: Atomic::new(i),
                value: UnsafeCell::new(MaybeUninit::uninit()),
            };
            slots.push(slot, flags)?;
        }
        Ok(Self {
            slots,
            head: Atomic::new(0),
            tail: Atomic::new(0),
            dropped: Atomic::new(0),
        })
    }

    fn slot(&self, position: usize) -> &Slot<T> {
        &self.slots[position & (self.slots.len() - 1)]
    }

    /// Takes the next position of `end` whose slot has its turn at `position + ahead`.
    fn claim(&self, end: &Atomic<usize>, ahead: usize) -> Option<usize> {
        let mut position = end.load(Relaxed);
        loop {
            let turn = self.slot(position).turn.load(Acquire);
            match (turn.wrapping_sub(position.wrapping_add(ahead)) as isize).signum() {
                0 => match end.cmpxchg(position, position.wrapping_add(1), Relaxed) {
                    Ok(_) => return Some(position),
                    Err(other) => position = other,
                },
                // Not yet: full, or empty.
                -1 => return None,
                // Somebody else was faster.
                _ => position = end.load(Relaxed),
            }
        }
    }

    /// Puts `value` at the end; drops it, and returns false, if there is no room. Any context.
    pub fn push(&self, value: T) -> bool {
        let Some(position) = self.claim(&self.head, 0) else {
            self.dropped.fetch_add(1, Relaxed);
            return false;
        };
        let slot = self.slot(position);
        // SAFETY: The slot was free to be pushed to, and this position is ours alone.
        unsafe { (*slot.value.get()).write(value) };
        // INVARIANT: The slot has what was pushed. What was written is seen by who sees this.
        slot.turn.store(position.wrapping_add(1), Release);
        true
    }

    /// Takes the value at the front, if there is one. Any context.
    pub fn pop(&self) -> Option<T> {
        let position = self.claim(&self.tail, 1)?;
        let slot = self.slot(position);
        // SAFETY: The slot has what was pushed, and this position is ours alone.
        let value = unsafe { (*slot.value.get()).assume_init_read() };
        // INVARIANT: The next push of this slot is one round later.
        slot.turn
            .store(position.wrapping_add(self.slots.len()), Release);
        Some(value)
    }

    /// How many values were pushed, those that are being pushed included. Any context.
    pub(crate) fn pushed(&self) -> u64 {
        self.head.load(Relaxed) as u64
    }

    /// How many values were dropped because there was no room. Any context.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Relaxed)
    }
}
