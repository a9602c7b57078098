// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! arm64: [`arch/arm64/include/asm/ptrace.h`](srctree/arch/arm64/include/asm/ptrace.h).

use core::{ffi::CStr, mem::MaybeUninit};

use kernel::{
    bindings::{pt_regs, user_pt_regs},
    ffi::c_void,
};

use super::{Planted, Seldom};
use crate::machine::memory;

pub(crate) const ARG_REGS: usize = 8;
/// The return address is in a register.
pub(crate) const STACK_ARGS_AT: usize = 0;
pub(crate) const IP_NAME: &str = "pc";
pub(crate) const FLAGS_NAME: &str = "pstate";
pub(crate) const SYSCALL: &str = "__arm64_sys_";
/// Only of calls whose arguments differ in size; other calls have one entry for all callers.
pub(crate) const SYSCALL_32: &[&str] = &["__arm64_compat_sys_"];
pub(crate) const SYSCALL_TABLE_32: &CStr = c"compat_sys_call_table";

#[inline(always)]
fn user(regs: &pt_regs) -> &user_pt_regs {
    // SAFETY: Both members of the union hold these registers in the same layout, all of them integers.
    unsafe { &regs.__bindgen_anon_1.user_regs }
}

#[inline(always)]
fn user_mut(regs: &mut pt_regs) -> &mut user_pt_regs {
    // SAFETY: As above.
    unsafe { &mut regs.__bindgen_anon_1.user_regs }
}

#[inline(always)]
pub(crate) fn arg(regs: &pt_regs, n: usize) -> usize {
    user(regs).regs[n & (ARG_REGS - 1)] as usize
}

#[inline(always)]
pub(crate) fn ip(regs: &pt_regs) -> usize {
    user(regs).pc as usize
}

#[inline(always)]
pub(crate) fn sp(regs: &pt_regs) -> usize {
    user(regs).sp as usize
}

#[inline(always)]
pub(crate) fn flags(regs: &pt_regs) -> usize {
    user(regs).pstate as usize
}

pub(crate) fn is_insn_aligned(address: usize) -> bool {
    address % 4 == 0
}

/// Arm64 has no kprobes on ftrace.
pub(crate) fn is_ftrace_insn(_function: usize, _offset: usize) -> bool {
    false
}

/// The length of BTI.
pub(crate) const LANDING_PAD: usize = 4;

/// Where ftrace calls from in a function that it knows: behind the landing pad there is one instruction that saves the
/// return address, or does not, and then the call.
pub(crate) fn ftrace_site(function: usize) -> usize {
    // BTI, in its four forms.
    let has_pad = matches!(
        memory::read::<u32>(function),
        Ok(0xd503_241f | 0xd503_245f | 0xd503_249f | 0xd503_24df)
    );
    function + if has_pad { LANDING_PAD } else { 0 } + 4
}

/// A copy in another form.
///
/// # Safety
///
/// `fregs` must be what ftrace passes to a callback, at the entry of a function, or as it has `returned`.
#[inline(always)]
pub(crate) unsafe fn ftrace_regs(
    fregs: *mut c_void,
    room: &mut MaybeUninit<pt_regs>,
    returned: bool,
) -> *mut pt_regs {
    // SAFETY: The caller promises that, and there is room.
    unsafe { crate::bindings::rprobes_ftrace_regs(fregs, room.as_mut_ptr(), returned) }
}

/// Calls `miss` before it returns false.
///
/// # Safety
///
/// If it returns true, [`busy_end`] must be called.
#[inline(always)]
pub(crate) unsafe fn busy_begin(miss: impl FnOnce()) -> bool {
    // SAFETY: The caller promises the same.
    let begun = unsafe { crate::bindings::rprobes_busy_begin() };
    if !begun {
        miss();
    }
    begun
}

/// # Safety
///
/// [`busy_begin`] must have returned true, on this CPU.
#[inline(always)]
pub(crate) unsafe fn busy_end() {
    // SAFETY: The caller promises the same.
    unsafe { crate::bindings::rprobes_busy_end() }
}

/// BRK with the number of kprobes, 4. There is no jump optimisation.
pub(crate) fn planted(address: usize) -> Planted {
    match memory::read::<u32>(address) {
        Ok(0xd420_0080) => Planted::Breakpoint,
        _ => Planted::Nothing,
    }
}

#[inline(always)]
pub(crate) fn return_value(regs: &pt_regs) -> usize {
    arg(regs, 0)
}

/// The second word of a value of two.
#[inline(always)]
pub(crate) fn return_value_high(regs: &pt_regs) -> usize {
    arg(regs, 1)
}

/// Both words of a value of two.
pub(crate) fn set_return_words(regs: &mut pt_regs, words: [usize; 2]) {
    set_arg(regs, 0, words[0]);
    set_arg(regs, 1, words[1]);
}

#[inline(always)]
pub(crate) fn set_arg(regs: &mut pt_regs, n: usize, value: usize) {
    user_mut(regs).regs[n & (ARG_REGS - 1)] = value as u64;
}

#[inline(always)]
pub(crate) fn set_return_value(regs: &mut pt_regs, value: usize) {
    set_arg(regs, 0, value);
}

#[inline(always)]
pub(crate) fn set_ip(regs: &mut pt_regs, address: usize) {
    user_mut(regs).pc = address as u64;
}

/// What a RET would do at the entry of a function.
pub(crate) fn return_early(regs: &mut pt_regs, value: usize) {
    let regs = user_mut(regs);
    regs.regs[0] = value as u64;
    regs.pc = regs.regs[30];
}

/// 32 bits of the current task.
///
/// # Safety
///
/// There must be as many in a `struct task_struct` at `offset`.
#[inline(always)]
pub(crate) unsafe fn task_word(offset: usize) -> u32 {
    let word;
    // SAFETY: The register leads to the current task, whose memory is there as long as it runs. What changes in there meanwhile
    // is read by one instruction.
    unsafe {
        core::arch::asm!(
            "mrs {task}, sp_el0",
            "ldr {word:w}, [{task}, {offset}]",
            task = out(reg) _,
            offset = in(reg) offset,
            word = lateout(reg) word,
            options(nostack, readonly, preserves_flags)
        );
    }
    word
}

/// Calls `F` with a pointer.
///
/// # Safety
///
/// That of the function.
#[inline(always)]
pub(crate) unsafe fn call_seldom<F: Seldom>(argument: *const F::Argument) -> bool {
    // SAFETY: The caller promises the same.
    unsafe { F::call(argument) }
}

/// Adds to this CPU's copy of the `I`-th word.
///
/// # Safety
///
/// `words` must be what `rprobes_percpu_alloc` has returned for more than `I` words.
#[inline(always)]
pub(crate) unsafe fn percpu_add<const I: usize>(words: *mut u64, n: u64) {
    // SAFETY: The caller promises the same.
    unsafe { crate::bindings::rprobes_percpu_add(words.wrapping_add(I), n) }
}

/// Adds 1 to this CPU's copy of the `I`-th word.
///
/// # Safety
///
/// As for [`percpu_add`].
#[inline(always)]
pub(crate) unsafe fn percpu_inc<const I: usize>(words: *mut u64) {
    // SAFETY: The caller promises the same.
    unsafe { percpu_add::<I>(words, 1) }
}

/// # Safety
///
/// [`irq_restore`] must be called with what it returns, on this CPU.
#[inline(always)]
pub(crate) unsafe fn irq_save(_by_call: bool) -> usize {
    // SAFETY: The caller promises the same.
    unsafe { crate::bindings::rprobes_irq_save() }
}

/// # Safety
///
/// `flags` must be what [`irq_save`] has returned.
#[inline(always)]
pub(crate) unsafe fn irq_restore(flags: usize, _by_call: bool) {
    // SAFETY: The caller promises the same.
    unsafe { crate::bindings::rprobes_irq_restore(flags) }
}

/// This CPU's copy of the first word.
///
/// # Safety
///
/// `words` must be what `rprobes_percpu_alloc` has returned.
#[inline(always)]
pub(crate) unsafe fn percpu_read(words: *mut u64) -> u64 {
    // SAFETY: The caller promises the same.
    unsafe { crate::bindings::rprobes_percpu_read(words) }
}

/// # Safety
///
/// Preemption must be off until [`busy_end_in_atomic`] is called, which must be if it returns true.
#[inline(always)]
pub(crate) unsafe fn busy_begin_in_atomic(miss: impl FnOnce()) -> bool {
    // SAFETY: The caller promises the same.
    unsafe { busy_begin(miss) }
}

/// # Safety
///
/// [`busy_begin_in_atomic`] must have returned true.
#[inline(always)]
pub(crate) unsafe fn busy_end_in_atomic() {
    // SAFETY: The caller promises the same.
    unsafe { busy_end() }
}

/// Whether a static key of C's is on, which is `$offset` bytes into `$key`, as `static_branch_unlikely()` does it: a NOP here, and
/// in a table where the kernel finds it, to make it a jump.
#[cfg(have_jump_label)]
#[doc(hidden)]
#[macro_export]
macro_rules! __static_branch {
    ($key:path, $offset:expr) => {
        'branch: {
            // SAFETY: The kernel makes the NOP a jump to the label, and nothing else.
            unsafe {
                ::core::arch::asm!(
                    "2: nop",
                    ".pushsection __jump_table, \"aw\"",
                    ".balign 8",
                    ".long 2b - ., {on} - .",
                    ".quad {key} + {offset} - .",
                    ".popsection",
                    on = label { break 'branch true },
                    key = sym $key,
                    offset = const $offset,
                    options(nomem, nostack, preserves_flags),
                )
            }
            false
        }
    };
}
