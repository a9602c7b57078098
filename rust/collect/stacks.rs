// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Stacks, each stored once.

use kernel::{
    alloc::flags::__GFP_NOWARN,
    prelude::*,
    sync::atomic::{Acquire, Atomic, Relaxed, Release},
};
use zerocopy_derive::Immutable;

use super::Scratch;
use crate::machine;

/// Stacks, each stored once and known by a number, which handlers can count by: it is small, and plain data.
///
/// There is room for a fixed number of stacks; nothing is locked, waited for or allocated to store one. What does not fit is
/// refused and counted. Stacks are compared frame by frame, so two that differ have two numbers; one that is longer than there
/// is room for is cut off, at its outer end.
///
/// They take 8 bytes for each frame that there is room for, 16 more for each stack, and a buffer for each context of each CPU;
/// [`stats`](Self::stats) has the sum.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, Ring, StackId, Stacks};
///
/// /// Who allocates.
/// struct Allocations {
///     stacks: Stacks,
///     who: Ring<StackId>,
/// }
///
/// #[vtable]
/// impl kprobe::Handler for Allocations {
///     fn pre(&self, cx: &PreContext<'_>) {
///         self.who.push(cx.kernel_stack_id(&self.stacks));
///     }
/// }
///
/// fn allocations() -> Result<Allocations> {
///     Ok(Allocations { stacks: Stacks::new(1024, 32)?, who: Ring::new(4096)? })
/// }
/// ```
///
/// # Invariants
///
/// `words` has `len` slots, a power of two, of `2 + depth` words each: a hash of the stack, 0 while the slot is free; one more than
/// the number of its frames, at most `depth`, 0 until they are written; and the frames. Who has changed the hash from 0 writes the
/// others, once.
#[doc(alias = "BPF_MAP_TYPE_STACK_TRACE")]
#[doc(alias = "stack_depot_save")]
pub struct Stacks {
    words: KVVec<Atomic<usize>>,
    len: usize,
    depth: usize,
    scratch: Scratch,
    used: Atomic<usize>,
    refused: Atomic<u64>,
}

/// The number of a stack in its [`Stacks`]. Any bytes are one, if perhaps of no stack.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    FromBytes,
    IntoBytes,
    Immutable,
)]
#[repr(transparent)]
pub struct StackId(u32);

impl StackId {
    /// That of stacks that were refused: no stack has it.
    pub const REFUSED: Self = Self(0);

    /// That of a stack without frames, such as that of a kernel thread in user space.
    pub const EMPTY: Self = Self(u32::MAX);
}

/// What [`Stacks`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StacksStats {
    /// The memory that they take, in bytes.
    pub bytes: usize,
    /// For how many stacks there is room.
    pub capacity: usize,
    /// How many there are.
    pub used: usize,
    /// How often one was refused as there was no room for it.
    pub refused: u64,
}

/// In how many slots a stack may be.
const TRIES: usize = 32;

/// As many frames as there may be of handlers, where a stack is collected, before those that are stored.
const HANDLERS: usize = 16;

/// The words of a slot before the frames.
const HASH: usize = 0;
const COUNT: usize = 1;
const FRAMES: usize = 2;

impl Stacks {
    /// Room for `capacity` stacks, or for the next power of two, of `depth` frames each. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for a capacity or a depth of 0; [`ENOMEM`] for what takes more than half of the memory that there is.
    pub fn new(capacity: usize, depth: usize) -> Result<Self> {
        if capacity == 0 || depth == 0 {
            return Err(EINVAL);
        }
        // All numbers of slots, and `EMPTY`, fit into an ID.
        let len = capacity
            .checked_next_power_of_two()
            .filter(|len| *len < u32::MAX as usize)
            .ok_or(ENOMEM)?;
        let all = depth
            .checked_add(FRAMES)
            .and_then(|words| words.checked_mul(len))
            .ok_or(ENOMEM)?;
        machine::check_may_take(all, size_of::<usize>())?;
        let flags = GFP_KERNEL | __GFP_NOWARN;
        let mut words = KVVec::with_capacity(all, flags)?;
        for _ in 0..all {
            words.push(Atomic::new(0), flags)?;
        }
        // INVARIANT: That is how many there are, and all are free.
        Ok(Self {
            words,
            len,
            depth,
            scratch: Scratch::new(
                (depth + HANDLERS)
                    .checked_mul(size_of::<usize>())
                    .ok_or(ENOMEM)?,
            )?,
            used: Atomic::new(0),
            refused: Atomic::new(0),
        })
    }

    /// The number of a stack, the innermost frame first: that which it has, or a new one. Any context.
    ///
    /// [`StackId::REFUSED`] if it is not there and there is no room for it.
    pub fn id(&self, frames: &[usize]) -> StackId {
        if frames.is_empty() {
            return StackId::EMPTY;
        }
        let frames = &frames[..frames.len().min(self.depth)];
        let hash = self.hash(frames);
        for i in 0..TRIES.min(self.len) {
            let number = hash.wrapping_add(i) & (self.len - 1);
            let Some(slot) = self.slot(number) else { break };
            let mut found = slot[HASH].load(Relaxed);
            if found == 0 {
                match slot[HASH].cmpxchg(0, hash, Relaxed) {
                    Ok(_) => {
                        self.used.fetch_add(1, Relaxed);
                        // INVARIANT: This has changed the hash.
                        for (word, frame) in slot[FRAMES..].iter().zip(frames) {
                            word.store(*frame, Relaxed);
                        }
                        // Who sees this sees the frames.
                        slot[COUNT].store(frames.len() + 1, Release);
                        return StackId(number as u32 + 1);
                    }
                    Err(other) => found = other,
                }
            }
            if found == hash && Self::is(slot, frames) {
                return StackId(number as u32 + 1);
            }
        }
        self.refused()
    }

    /// Whether a slot with the hash of these frames has them. If they are not written yet, perhaps by what was interrupted
    /// here, the hash, of 64 bits, has to do.
    fn is(slot: &[Atomic<usize>], frames: &[usize]) -> bool {
        match slot[COUNT].load(Acquire) {
            0 => true,
            count => {
                count == frames.len() + 1
                    && slot[FRAMES..]
                        .iter()
                        .zip(frames)
                        .all(|(word, frame)| word.load(Relaxed) == *frame)
            }
        }
    }

    /// Has `collect` write the frames of a stack, and say how many there are, and returns its number.
    pub(crate) fn record(&self, collect: impl FnOnce(&mut [usize]) -> usize) -> StackId {
        self.scratch
            .with(|buffer| {
                // SAFETY: Any bytes are numbers.
                let (_, frames, _) = unsafe { buffer.align_to_mut::<usize>() };
                let count = collect(frames).min(frames.len());
                self.id(&frames[..count])
            })
            .unwrap_or_else(|| self.refused())
    }

    fn refused(&self) -> StackId {
        self.refused.fetch_add(1, Relaxed);
        StackId::REFUSED
    }

    fn slot(&self, number: usize) -> Option<&[Atomic<usize>]> {
        if number >= self.len {
            return None;
        }
        let words = FRAMES + self.depth;
        self.words.get(number * words..(number + 1) * words)
    }

    /// Never 0. It differs between one load and another, so that nobody can choose frames of one hash.
    fn hash(&self, frames: &[usize]) -> usize {
        const ODD: usize = 0x9e37_79b9_7f4a_7c15;
        let mut hash = (self.words.as_ptr() as usize).wrapping_mul(ODD);
        for frame in frames {
            hash = (hash.rotate_left(29) ^ frame).wrapping_mul(ODD);
            hash ^= hash >> 32;
        }
        hash.max(1)
    }

    /// The frames of a stack, the innermost first. None if there is no such stack, or whoever stores it, on another CPU or in what was
    /// interrupted here, is not done with that. Any context.
    pub fn frames(
        &self,
        id: StackId,
    ) -> Option<impl ExactSizeIterator<Item = usize> + DoubleEndedIterator + '_> {
        let slot = match id {
            StackId::EMPTY => &[],
            StackId(id) => {
                let slot = self.slot((id as usize).checked_sub(1)?)?;
                let count = slot[COUNT].load(Acquire).checked_sub(1)?;
                &slot[FRAMES..FRAMES + count]
            }
        };
        Some(slot.iter().map(|word| word.load(Relaxed)))
    }

    /// What they hold. Any context.
    pub fn stats(&self) -> StacksStats {
        StacksStats {
            bytes: size_of_val(&*self.words) + self.scratch.bytes(),
            capacity: self.len,
            used: self.used.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }
}
