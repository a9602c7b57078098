// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Trampolines: what a function calls directly, before its body, with nothing of the kernel's in between.
//!
//! C header: [`include/linux/ftrace.h`](srctree/include/linux/ftrace.h), `register_ftrace_direct()`
//!
//! A trampoline is made by the compiler for each type of handlers, [`SLOTS`] of them; each belongs to one probe at a time.
//!
//! ```text
//!  caller ----> function: call trampoline
//!                            |  save the arguments, preemption off, busy + 1
//!                            |  Calls::entry(frame, owner)
//!                            |  busy - 1, preemption on, arguments back
//!               body  <------'  return                              (only the entry is of interest)
//!
//!               body  <------'  mark the frame, call                (the return is, too)
//!                 '--------> .  preemption off, busy + 1
//!                            |  Calls::ret(frame, owner)
//!                            |  busy - 1, preemption on, unmark the frame
//!  caller <------------------'  return to where the function was called from
//! ```
//!
//! On x86_64 the function's own return address is on the stack then, above that to the trampoline's caller, the function: it is returned over.
//! On arm64 it is in x9, and kept in the frame.
//!
//! A hook is called instead of the body, which it may call, or not:
//!
//! ```text
//!  caller ----> function: call trampoline
//!                            |  save the arguments, mark the frame
//!                            |  Replaces::call(frame, owner) ----> body, perhaps
//!                            |  unmark the frame
//!  caller <------------------'  return to where the function was called from
//! ```
//!
//! What is below about bodies holds for what is called in their place, too.
//!
//! # A handler that is interrupted, or reaches itself
//!
//! `rprobes_busy` is a number for each CPU, only touched with preemption off. Where it is not -1 before, a handler of this module is
//! running on this CPU already, or the call comes from an interrupt of one: none is called then, [`Owner::missed`] counts it, and the
//! function runs. Both numbers are put back on every path, so none gets lost.
//!
//! # Why no task returns into memory that is gone
//!
//! A probe goes in this order; each step relies on those before it.
//!
//! 1. *ftrace takes the call out of the function.* No call enters the trampoline any more.
//! 2. *`synchronize_rcu_tasks()`.* It waits until each task has slept, or has been in user space. In a trampoline nobody
//!    sleeps, apart from the body of the function. So who was on the way to a handler, or from there to the body, has
//!    arrived, and has marked its frame.
//! 3. *No frame is marked.* While a call is in the body, two words of its frame say so: the address of the trampoline's slot, and above it
//!    a pointer to where the frame is. Nothing else looks like that: a copy of it is somewhere else, and what has returned has cleared the
//!    pointer. Whoever changes return addresses does not touch them. The stacks of all tasks are searched, until there is no such frame. This may take as long as the function sleeps.
//! 4. *`synchronize_rcu_tasks()`* again, for those who have come back from the body, and are in the last instructions of the trampoline.
//!
//! Step 3 sees every call that will return, as there are these ways to leave the body of a function:
//!
//! - *It returns.* Then the word is cleared, in the trampoline.
//! - *The task exits inside*: it calls `do_exit()` itself, is killed in `get_signal()`, or dies of an oops. Its frames are never
//!   returned to. From the moment that `do_exit()` sets `PF_EXITING`, in `exit_signals()`, the only frame of the task that it
//!   returns to is that of `exit_signals()` itself, for which there are no such trampolines. And as calls by a task that exits are not followed, there are no later
//!   ones. So frames of tasks with `PF_EXITING` are not looked at, nor need they be: such a task may be in no list any more, and its stack freed.
//! - *The CPU goes offline* under its idle task, which starts afresh when the CPU comes back. Calls by idle tasks are not
//!   followed, nor are idle tasks in the list of all tasks.
//! - *A stack switch like longjmp()*: `schedule()` returns on the stack that it was called on. What resumes from suspend to RAM, or unwinds a BPF program that has thrown,
//!   gives up frames, which then do not return; at worst they are waited for.
//! - *The module is unloaded*: its probes are drained before, in these steps.
//!
//! Interrupts, softirqs and NMIs may call the function, too, also while a task exits or a CPU idles, and on stacks of their own. They do not sleep, so `synchronize_rcu()` before
//! the search waits for them. (With PREEMPT_RT they are tasks.)
//!
//! A task that drops a probe in a call of the very function waits for itself; that is said in the log.
//!
//! What else changes return addresses does so below or above: the function graph tracer, rethooks and kretprobes change the one that the
//! function was called with, before the trampoline sees it, or that of the body, and jump to what it was in the end. A livepatch changes where the trampoline finds the body.

mod trampoline;

#[cfg(target_arch = "x86_64")]
#[path = "x86.rs"]
mod imp;

#[cfg(target_arch = "aarch64")]
#[path = "arm64.rs"]
mod imp;

pub(crate) use imp::{
    call_body, complete, complete_replaced, data, replacements, trampolines, Frame, SUPPORTED,
};
pub(crate) use trampoline::{Calls, Owner, Replaces, Trampoline, Trampolines, Words, DATA_MAX};
