// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What differs between architectures: one file each, with the same items.
//!
//! - `ARG_REGS`: how many integer arguments of a C function arrive in registers.
//! - `IP_NAME`, `FLAGS_NAME`: what the architecture calls these two registers.
//! - `SYSCALL`, `SYSCALL_32`: what the names of the entry functions of system calls begin with, and of those that only
//!   32-bit callers come through; `SYSCALL_TABLE_32` is the table of the latter.
//! - `STACK_ARGS_AT`: how many words above the stack pointer the arguments on the stack begin.
//! - `set_arg`, `set_return_value`, `set_return_words`, `set_ip`, `return_early`: write them.
//! - `percpu_add(words, n)`, `percpu_inc(words)`: adds to this CPU's copy of a word.
//! - `percpu_read(words)`: this CPU's copy of a word.
//! - `irq_save(by_call)`, `irq_restore(flags, by_call)`: turns interrupts off, and on again if they were.
//! - `task_word(offset)`: 32 bits of the current task.
//! - `call_seldom(argument)`: a call that a caller need save no registers for.
//! - `is_insn_aligned(address)`: whether an instruction may begin there.
//! - `is_ftrace_insn(function, offset)`: whether that instruction looks like one that ftrace patches, and calls kprobes
//!   from.
//! - `LANDING_PAD`: the length of the instruction that a function may begin with, for indirect branches to it.
//! - `ftrace_site(function)`: where ftrace calls from in a function that it knows.
//! - `busy_begin(miss)`, `busy_end()`: turn preemption off, unless a handler is running on this CPU, then `miss()`; and on again.
//! - `busy_begin_in_atomic(miss)`, `busy_end_in_atomic()`: the same, where preemption is off.
//! - `ftrace_regs(fregs, room, returned)`: the registers that ftrace passes to its callbacks.
//! - `planted(address)`: what is at the address of a probe that ftrace does not call.
//! - `__static_branch!(key, offset)`: whether a static key is on.
//! - `arg(regs, n)`, `ip(regs)`, `sp(regs)`, `flags(regs)`, `return_value(regs)`, `return_value_high(regs)`: the
//!   registers.

/// A function that is seldom called.
pub(crate) trait Seldom {
    type Argument;

    /// # Safety
    ///
    /// Each function has its own rules.
    unsafe extern "C" fn call(argument: *const Self::Argument) -> bool;
}

/// What the kernel has written where a probe is.
#[derive(PartialEq, Eq)]
pub(crate) enum Planted {
    Nothing,
    Breakpoint,
    Jump,
}

#[cfg(target_arch = "aarch64")]
#[path = "arm64.rs"]
mod imp;

#[cfg(target_arch = "x86_64")]
#[path = "x86.rs"]
mod imp;

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
compile_error!("rprobes knows the registers of x86_64 and arm64 only; add a file to rust/arch");

pub(crate) use imp::*;

/// Where the kernel is built without jump labels.
#[cfg(not(have_jump_label))]
#[doc(hidden)]
#[macro_export]
macro_rules! __static_branch {
    ($key:path, $offset:expr) => {
        // SAFETY: The first that a static key has is a counter, which is read atomically.
        unsafe {
            (*(&raw const $key)
                .byte_add($offset)
                .cast::<::core::sync::atomic::AtomicI32>())
            .load(::core::sync::atomic::Ordering::Relaxed)
                > 0
        }
    };
}
