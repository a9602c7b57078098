// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The maps of the crate, the same source, in a program: here threads really run at the same time, and signals, which play the part of
//! non-maskable interrupts, come between any two instructions, while virtual machines mostly do one thing after the other.
//!
//! What stands in for the kernel is below: of its crate, and of the folder `machine`, what maps use.

// Not all of it is used here.
#![allow(dead_code, unreachable_pub, clippy::new_without_default)]

// So that `kernel::` is this crate.
extern crate self as kernel;

pub use std::fmt;

mod collect;

pub use collect::{
    aggregate::{self, Aggregate, Summary},
    map::{self, Map},
    PerCpuMap,
};

pub mod machine {
    use std::cell::Cell;

    use crate::prelude::Result;

    pub const CPUS: u32 = 4;

    thread_local! {
        /// Which CPU this thread plays.
        static CPU: Cell<u32> = const { Cell::new(0) };
    }

    pub fn run_on(cpu: u32) {
        CPU.set(cpu);
    }

    pub fn cpus() -> u32 {
        CPUS
    }

    pub fn check_may_take(_count: usize, _bytes: usize) -> Result {
        Ok(())
    }

    pub fn random() -> u64 {
        0x0123_4567_89ab_cdef
    }

    pub fn relax() {
        std::thread::yield_now();
    }

    /// There are no other interrupts than those that cannot be turned off.
    pub struct Irqs;
    pub struct IrqOff;

    impl Irqs {
        pub fn new() -> Self {
            Self
        }

        pub fn off(&self) -> IrqOff {
            IrqOff
        }
    }

    pub struct PerCpuWord(Vec<u64>);

    impl PerCpuWord {
        pub fn new(of_cpu: impl Fn(u32) -> u64) -> Result<Self> {
            Ok(Self((0..CPUS).map(of_cpu).collect()))
        }

        pub fn here(&self) -> u64 {
            self.0[CPU.get() as usize]
        }
    }
}

pub mod alloc {
    pub mod flags {
        pub use crate::prelude::__GFP_NOWARN;
    }
}

pub mod time {
    pub struct Delta(i64);

    impl Delta {
        pub fn from_millis(milliseconds: i64) -> Self {
            Self(milliseconds)
        }
    }

    pub mod delay {
        pub fn fsleep(time: super::Delta) {
            std::thread::sleep(std::time::Duration::from_millis(time.0 as u64));
        }
    }
}

pub mod prelude {
    pub use zerocopy::{FromBytes, IntoBytes};
    pub use zerocopy_derive::{FromBytes, IntoBytes};

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Error(pub i32);

    pub const ENOENT: Error = Error(2);
    pub const ENOMEM: Error = Error(12);
    pub const EBUSY: Error = Error(16);
    pub const EINVAL: Error = Error(22);
    pub const ENOSPC: Error = Error(28);

    pub type Result<T = (), E = Error> = core::result::Result<T, E>;

    pub const GFP_KERNEL: u32 = 0;
    #[allow(non_upper_case_globals)]
    pub const __GFP_NOWARN: u32 = 0;

    /// A vector of fixed length, as the kernel's are used.
    pub struct KVVec<T>(Vec<T>);

    impl<T> KVVec<T> {
        pub fn new() -> Self {
            Self(Vec::new())
        }

        pub fn with_capacity(capacity: usize, _flags: u32) -> Result<Self> {
            let mut vec = Vec::new();
            vec.try_reserve_exact(capacity).map_err(|_| ENOMEM)?;
            Ok(Self(vec))
        }

        pub fn push(&mut self, value: T, _flags: u32) -> Result {
            self.0.push(value);
            Ok(())
        }

        pub fn push_within_capacity(&mut self, value: T) -> Result<(), T> {
            if self.0.len() == self.0.capacity() {
                return Err(value);
            }
            self.0.push(value);
            Ok(())
        }

        pub fn resize(&mut self, len: usize, value: T, _flags: u32) -> Result
        where
            T: Clone,
        {
            self.0.resize(len, value);
            Ok(())
        }
    }

    impl<T> core::ops::Deref for KVVec<T> {
        type Target = [T];

        fn deref(&self) -> &[T] {
            &self.0
        }
    }

    impl<T> core::ops::DerefMut for KVVec<T> {
        fn deref_mut(&mut self) -> &mut [T] {
            &mut self.0
        }
    }

    impl<'v, T> IntoIterator for &'v KVVec<T> {
        type Item = &'v T;
        type IntoIter = core::slice::Iter<'v, T>;

        fn into_iter(self) -> Self::IntoIter {
            self.0.iter()
        }
    }
}

#[cfg(test)]
mod tests;
