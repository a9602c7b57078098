// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! arm64: a function calls its trampoline with its own return address in x9, and where its body begins in x30.
//!
//! It makes no difference whether the BL in the function reaches the trampoline, or leads to `ftrace_caller`, which goes on to the
//! trampoline, perhaps after it has called others: see
//! [`arch/arm64/kernel/entry-ftrace.S`](srctree/arch/arm64/kernel/entry-ftrace.S). It does so by a BR, so there is a landing pad (BTI C).
//! Bodies are gone to, and come back, by a RET, which needs none.
//!
//! A body that signs its return address does so with the stack pointer that it has at its beginning, and has again at its end.

use core::{ffi::c_void, mem::offset_of, sync::atomic::Ordering::Relaxed};

use kernel::bindings::{pt_regs, user_pt_regs};

use super::trampoline::{Calls, Owner, Replaces, Slot, Trampolines, Words, SLOTS};
use crate::{bindings, machine::Busy};

pub(crate) const SUPPORTED: bool = bindings::RPROBES_HAS_DIRECT != 0;

/// What a trampoline has on the stack for a call, from the stack pointer on. The data of the call is behind it.
#[repr(C, align(16))]
pub(crate) struct Frame {
    /// As far as they are of interest; see [`complete`].
    pub(crate) regs: pt_regs,
    /// The trampoline's slot, and a pointer to behind that, while the call is in the body.
    id: usize,
    mark: usize,
    /// For who unwinds the stack: the function that was called, while its body has not begun.
    function: [usize; 2],
    /// Its caller.
    caller: [usize; 2],
}

const REGS: usize = offset_of!(pt_regs, __bindgen_anon_1) + offset_of!(user_pt_regs, regs);
const PC: usize = offset_of!(pt_regs, __bindgen_anon_1) + offset_of!(user_pt_regs, pc);

/// How large a frame is.
const fn size<C: Calls>() -> usize {
    (size_of::<Frame>() + C::DATA).next_multiple_of(16)
}

/// Puts the arguments, or the result, into the frame.
macro_rules! save {
    () => {
        "stp x0, x1, [sp, {regs}]
        stp x2, x3, [sp, {regs} + 16]
        stp x4, x5, [sp, {regs} + 32]
        stp x6, x7, [sp, {regs} + 48]
        str x8, [sp, {regs} + 64]"
    };
}

/// Takes them out again.
macro_rules! restore {
    () => {
        "ldp x0, x1, [sp, {regs}]
        ldp x2, x3, [sp, {regs} + 16]
        ldp x4, x5, [sp, {regs} + 32]
        ldp x6, x7, [sp, {regs} + 48]
        ldr x8, [sp, {regs} + 64]"
    };
}

/// Calls something with the frame and the owner.
macro_rules! call {
    ($what:literal) => {
        concat!(
            "mov x0, sp
            adrp x1, {me}_slots + 16 * \\i
            ldr x1, [x1, :lo12:{me}_slots + 16 * \\i]
            bl ",
            $what
        )
    };
}

/// The trampolines of a type of calls.
#[inline(never)]
#[expect(
    named_asm_labels,
    reason = "they begin with the name of this function, and it is there once"
)]
pub(crate) fn trampolines<C: Calls>() -> Trampolines {
    let (anchor, slots): (usize, *const [Slot; SLOTS]);
    // SAFETY: This puts the trampolines into sections of their own, and takes two addresses. What trampolines do is in
    // the documentation of the module.
    unsafe {
        core::arch::asm!(
            ".pushsection .data, \"aw\", @progbits
            .balign 8
            {me}_slots:
            .popsection
            .pushsection .kprobes.text, \"ax\", @progbits
            .balign 8
            {me}_anchor:
            .irp i, 0, 1, 2, 3
            .balign 8
            .type {me}_\\i, @function
            {me}_\\i:
            hint 34", // BTI C
            "sub sp, sp, {size}",
            save!(),
            "str x30, [sp, {pc}]
            stp x29, x9, [sp, {caller}]
            add x29, sp, {caller}
            stp x29, x30, [sp, {function}]
            add x29, sp, {function}",
            call!("{enter}"),
            ".if {has_ret}
            cbz w0, 3f
            add x29, sp, {caller}
            adr x30, .L{me}_\\i
            adrp x11, {me}_slots + 16 * \\i
            add x11, x11, :lo12:{me}_slots + 16 * \\i
            add x10, sp, {mark}
            stp x11, x10, [sp, {id}]",
            restore!(),
            "ldr x10, [sp, {pc}]
            ret x10
            .L{me}_\\i:",
            save!(),
            call!("{leave}"),
            "str xzr, [sp, {mark}]",
            restore!(),
            "ldp x29, x30, [sp, {caller}]
            add sp, sp, {size}
            ret
            3:
            .endif",
            restore!(),
            "ldr x10, [sp, {pc}]
            ldp x29, x30, [sp, {caller}]
            add sp, sp, {size}
            ret x10
            .size {me}_\\i, . - {me}_\\i
            .pushsection .data, \"aw\", @progbits
            .quad 0
            .quad {me}_\\i - {me}_anchor
            .popsection
            .endr
            .popsection
            adrp {anchor}, {me}_anchor
            add {anchor}, {anchor}, :lo12:{me}_anchor
            adrp {slots}, {me}_slots
            add {slots}, {slots}, :lo12:{me}_slots",
            me = sym trampolines::<C>,
            enter = sym enter::<C>,
            leave = sym leave::<C>,
            has_ret = const C::RET as usize,
            size = const size::<C>(),
            regs = const REGS,
            pc = const PC,
            id = const offset_of!(Frame, id),
            mark = const offset_of!(Frame, mark),
            function = const offset_of!(Frame, function),
            caller = const offset_of!(Frame, caller),
            anchor = lateout(reg) anchor,
            slots = lateout(reg) slots,
        )
    }
    Trampolines {
        anchor,
        // SAFETY: They are above, for as long as this code is, and are atomic or constant.
        slots: unsafe { &*slots },
        mark: 0,
    }
}

/// The trampolines of a type of hooks.
#[inline(never)]
#[expect(
    named_asm_labels,
    reason = "they begin with the name of this function, and it is there once"
)]
pub(crate) fn replacements<R: Replaces>() -> Trampolines {
    let (anchor, slots): (usize, *const [Slot; SLOTS]);
    // SAFETY: As for `trampolines`.
    unsafe {
        core::arch::asm!(
            ".pushsection .data, \"aw\", @progbits
            .balign 8
            {me}_slots:
            .popsection
            .pushsection .kprobes.text, \"ax\", @progbits
            .balign 8
            {me}_anchor:
            .irp i, 0, 1, 2, 3
            .balign 8
            .type {me}_\\i, @function
            {me}_\\i:
            hint 34", // BTI C
            "sub sp, sp, {size}",
            save!(),
            "str x30, [sp, {pc}]
            stp x29, x9, [sp, {caller}]
            add x29, sp, {caller}
            stp x29, x30, [sp, {function}]
            add x29, sp, {function}",
            call!("{enter}"),
            "cbz w0, 3f
            add x29, sp, {caller}
            adrp x11, {me}_slots + 16 * \\i
            add x11, x11, :lo12:{me}_slots + 16 * \\i
            add x10, sp, {mark}
            stp x11, x10, [sp, {id}]",
            call!("{call}"),
            "str xzr, [sp, {mark}]
            ldp x29, x30, [sp, {caller}]
            add sp, sp, {size}
            ret
            3:",
            restore!(),
            "ldr x10, [sp, {pc}]
            ldp x29, x30, [sp, {caller}]
            add sp, sp, {size}
            ret x10
            .size {me}_\\i, . - {me}_\\i
            .pushsection .data, \"aw\", @progbits
            .quad 0
            .quad {me}_\\i - {me}_anchor
            .popsection
            .endr
            .popsection
            adrp {anchor}, {me}_anchor
            add {anchor}, {anchor}, :lo12:{me}_anchor
            adrp {slots}, {me}_slots
            add {slots}, {slots}, :lo12:{me}_slots",
            me = sym replacements::<R>,
            enter = sym may_replace,
            call = sym R::call,
            size = const size_of::<Frame>(),
            regs = const REGS,
            pc = const PC,
            id = const offset_of!(Frame, id),
            mark = const offset_of!(Frame, mark),
            function = const offset_of!(Frame, function),
            caller = const offset_of!(Frame, caller),
            anchor = lateout(reg) anchor,
            slots = lateout(reg) slots,
        )
    }
    Trampolines {
        anchor,
        // SAFETY: As for `trampolines`.
        slots: unsafe { &*slots },
        mark: 0,
    }
}

/// Whether to call a hook.
///
/// # Safety
///
/// To be called by a trampoline only, with its frame and its owner.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn may_replace(_frame: *mut c_void, owner: *mut Owner) -> bool {
    // SAFETY: May be called at any time.
    let may = unsafe { bindings::rprobes_may_follow() };
    if !may {
        // SAFETY: The owner is there as long as it has a trampoline.
        unsafe { &*owner }.not_followed.fetch_add(1, Relaxed);
    }
    may
}

extern "C" {
    fn rprobes_call_original(regs: *const pt_regs, body: usize) -> Words;
}

/// Calls the body of the function with the arguments that the frame has.
///
/// # Safety
///
/// `frame` must be that of a hook, whose function has no arguments on the stack and can do with these.
pub(crate) unsafe fn call_body(frame: *mut Frame) -> Words {
    // SAFETY: The caller promises that; the trampoline has put there where the body begins.
    unsafe {
        let regs = &raw const (*frame).regs;
        let body = regs.byte_add(PC).cast::<usize>();
        rprobes_call_original(regs, *body)
    }
}

/// As [`complete`], for the frame of a hook.
///
/// # Safety
///
/// As for [`complete`].
pub(crate) unsafe fn complete_replaced(regs: *mut pt_regs) {
    // SAFETY: The caller promises that; the frame begins with its registers.
    unsafe { fill_in(regs.cast(), size_of::<Frame>(), false) }
}

/// The function has been entered. Returns whether to follow the call.
///
/// # Safety
///
/// To be called by a trampoline only, with its frame and its owner.
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn enter<C: Calls>(frame: *mut c_void, owner: *mut Owner) -> bool {
    // SAFETY: The owner is there as long as it has a trampoline.
    let counts = unsafe { &*owner };
    // SAFETY: May be called at any time.
    if C::RET && !unsafe { bindings::rprobes_may_follow() } {
        counts.not_followed.fetch_add(1, Relaxed);
        return false;
    }
    if !C::ENTRY {
        return true;
    }
    let Some(_busy) = Busy::begin(&counts.missed) else {
        return false;
    };
    // SAFETY: The caller promises that, and preemption is off.
    unsafe { C::entry(frame, owner) }
}

/// Its body has returned.
///
/// # Safety
///
/// As for [`enter`].
#[link_section = ".kprobes.text"]
#[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
#[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
unsafe extern "C" fn leave<C: Calls>(frame: *mut c_void, owner: *mut Owner) {
    // SAFETY: The owner is there as long as calls return through its trampoline.
    let Some(_busy) = Busy::begin(unsafe { &(*owner).missed }) else {
        return;
    };
    // SAFETY: The caller promises that, and preemption is off.
    unsafe { C::ret(frame, owner) };
}

/// Where the data of a call is.
///
/// # Safety
///
/// `frame` must be that of a call.
#[inline(always)]
pub(crate) unsafe fn data(frame: *mut Frame) -> *mut u8 {
    // SAFETY: It is behind the frame.
    unsafe { frame.add(1).cast() }
}

/// Fills in what a trampoline leaves out of the registers: the function has been entered, or has `returned`.
///
/// # Safety
///
/// `frame` must be a frame for `C`, and belong to the caller.
#[inline(always)]
pub(crate) unsafe fn complete<C: Calls>(frame: *mut Frame, returned: bool) {
    // SAFETY: The caller promises that.
    unsafe { fill_in(frame, size::<C>(), returned) }
}

/// # Safety
///
/// As for [`complete`]; `size` must be that of the frame.
#[inline(always)]
unsafe fn fill_in(frame: *mut Frame, size: usize, returned: bool) {
    // SAFETY: The caller promises that.
    unsafe {
        let [fp, lr] = (*frame).caller;
        let regs = &raw mut (*frame).regs.__bindgen_anon_1.user_regs;
        (*regs).regs[29] = fp as u64;
        (*regs).regs[30] = lr as u64;
        (*regs).sp = frame.byte_add(size) as u64;
        if returned {
            (*regs).pc = lr as u64;
        }
        (*regs).pstate = bindings::RPROBES_PSTATE.into();
    }
}
