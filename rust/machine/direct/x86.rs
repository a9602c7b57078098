// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! x86_64: a function calls its trampoline with the return address on the stack, above that of its own caller.

use core::mem::offset_of;

use kernel::bindings::pt_regs;

use super::trampoline::{Calls, Owner, Replaces, Slot, Trampolines, Words, SLOTS};
use crate::{
    bindings,
    machine::arch::{self, count, count_at, CHECK_RCU},
};

pub(crate) const SUPPORTED: bool = bindings::RPROBES_HAS_DIRECT != 0;

/// What a trampoline has on the stack for a call, from the stack pointer on. The data of the call is behind it.
#[repr(C)]
pub(crate) struct Frame {
    /// As far as they are of interest; see [`complete`].
    pub(crate) regs: pt_regs,
    /// The trampoline's slot, and a pointer to the frame, while the call is in the body of the function.
    id: usize,
    mark: usize,
}

const ID: usize = offset_of!(Frame, id);
const MARK: usize = offset_of!(Frame, mark);

/// How large a frame is.
const fn size<C: Calls>() -> usize {
    size_of::<Frame>() + C::DATA.next_multiple_of(size_of::<usize>())
}

extern "C" {
    static rprobes_busy: i32;
    #[cfg_attr(have_pcpu_hot, link_name = "pcpu_hot")]
    #[cfg_attr(not(have_pcpu_hot), link_name = "__preempt_count")]
    static COUNT: usize;
    /// Where this CPU has its current task.
    #[cfg_attr(have_pcpu_hot, link_name = "pcpu_hot")]
    #[cfg_attr(not(have_pcpu_hot), link_name = "current_task")]
    static TASK: usize;
    fn rprobes_call_body();
    fn rprobes_leave();
    fn rprobes_call_original(regs: *const pt_regs, body: usize) -> Words;
    fn rcu_is_watching() -> bool;
}

/// How the kernel returns.
#[cfg(any(CONFIG_MITIGATION_RETHUNK, CONFIG_RETHUNK))]
macro_rules! ret {
    () => {
        "jmp __x86_return_thunk"
    };
}
#[cfg(not(any(CONFIG_MITIGATION_RETHUNK, CONFIG_RETHUNK)))]
macro_rules! ret {
    () => {
        "ret\nint3"
    };
}

/// Puts the arguments into the frame.
macro_rules! save {
    () => {
        ".if {registers} > 0
        mov [rsp + {di}], rdi
        .endif
        .if {registers} > 1
        mov [rsp + {si}], rsi
        .endif
        .if {registers} > 2
        mov [rsp + {dx}], rdx
        .endif
        .if {registers} > 3
        mov [rsp + {cx}], rcx
        .endif
        .if {registers} > 4
        mov [rsp + {r8}], r8
        .endif
        .if {registers} > 5
        mov [rsp + {r9}], r9
        .endif"
    };
}

/// Takes them out again.
macro_rules! restore {
    () => {
        ".if {registers} > 0
        mov rdi, [rsp + {di}]
        .endif
        .if {registers} > 1
        mov rsi, [rsp + {si}]
        .endif
        .if {registers} > 2
        mov rdx, [rsp + {dx}]
        .endif
        .if {registers} > 3
        mov rcx, [rsp + {cx}]
        .endif
        .if {registers} > 4
        mov r8, [rsp + {r8}]
        .endif
        .if {registers} > 5
        mov r9, [rsp + {r9}]
        .endif"
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
            .balign 16, 0xcc
            .type {me}_anchor, @function
            {me}_anchor:
            endbr64
            ud2
            .size {me}_anchor, . - {me}_anchor
            .irp i, 0, 1, 2, 3
            .balign 16, 0xcc
            .type {me}_\\i, @function
            {me}_\\i:
            sub rsp, {size}
            .if {has_entry}
            mov r11, rbp
            mov [rsp + {bp}], r11
            mov [rsp + {ax}], rax",
            save!(),
            ".if {check_rcu}
            call {rcu_is_watching}
            test al, al
            jz 31f
            .endif
            .endif
            .if {has_ret}
            mov r11, gs:[rip + {task}]
            test dword ptr [r11 + {flags}], {may_not_return}
            jnz 5f
            20:
            .endif
            .if {has_entry}",
            concat!("inc ", count!()),
            "inc dword ptr gs:[rip + {busy}]
            jnz 6f
            mov rsi, [rip + {me}_slots + 16 * \\i]
            mov rdi, rsp
            call {entry}
            dec dword ptr gs:[rip + {busy}]",
            concat!("dec ", count!()),
            "jz 7f
            21:
            .if {has_ret}
            test al, al
            jz 3f
            .endif",
            // Without a return, this is what is at 3, too.
            ".if {has_ret}",
            restore!(),
            "mov rax, [rsp + {ax}]
            .endif
            .endif
            .if {has_ret}
            lea r11, [rip + {me}_slots + 16 * \\i]
            mov [rsp + {id}], r11
            mov [rsp + {mark}], rsp
            mov r11, [rsp + {size}]
            call {call_body}
            .if {return_words} > 0
            mov [rsp + {ax}], rax
            .endif
            .if {return_words} > 1
            mov [rsp + {dx}], rdx
            .endif",
            concat!("inc ", count!()),
            "inc dword ptr gs:[rip + {busy}]
            jnz 8f
            mov rsi, [rip + {me}_slots + 16 * \\i]
            mov rdi, rsp
            call {ret}
            22:
            dec dword ptr gs:[rip + {busy}]",
            concat!("dec ", count!()),
            "jz 9f
            23:
            mov qword ptr [rsp + {mark}], 0
            .if {return_words} > 0
            mov rax, [rsp + {ax}]
            .endif
            .if {return_words} > 1
            mov rdx, [rsp + {dx}]
            .endif
            add rsp, {size}
            call {leave}
            ud2
            .endif
            3:
            .if {has_entry}",
            restore!(),
            "mov rax, [rsp + {ax}]
            .endif
            add rsp, {size}",
            ret!(),
            ".if {has_ret}
            5:",
            // The task exits or idles. What something else calls on top of that returns for sure.
            concat!("test dword ptr ", count_at!(), ", {not_in_task}"),
            "jnz 20b
            mov r11, [rip + {me}_slots + 16 * \\i]
            lock inc qword ptr [r11 + {not_followed}]
            jmp 3b
            8:
            mov r11, [rip + {me}_slots + 16 * \\i]
            lock inc qword ptr [r11 + {missed}]
            jmp 22b
            9:
            call {resched}
            jmp 23b
            .endif
            .if {has_entry}
            6:
            dec dword ptr gs:[rip + {busy}]
            mov r11, [rip + {me}_slots + 16 * \\i]
            lock inc qword ptr [r11 + {missed}]",
            concat!("dec ", count!()),
            "jnz 3b
            call {resched}
            jmp 3b
            7:
            mov [rsp + {r10}], rax
            call {resched}
            mov rax, [rsp + {r10}]
            jmp 21b
            .if {check_rcu}
            31:
            mov r11, [rip + {me}_slots + 16 * \\i]
            lock inc qword ptr [r11 + {missed}]
            jmp 3b
            .endif
            .endif
            .size {me}_\\i, . - {me}_\\i
            .pushsection .data, \"aw\", @progbits
            .quad 0
            .quad {me}_\\i - {me}_anchor
            .popsection
            .endr
            .popsection
            lea {anchor}, [rip + {me}_anchor]
            lea {slots}, [rip + {me}_slots]",
            me = sym trampolines::<C>,
            entry = sym C::entry,
            ret = sym C::ret,
            has_entry = const C::ENTRY as usize,
            has_ret = const C::RET as usize,
            registers = const C::REGISTERS,
            return_words = const C::RETURN_WORDS,
            size = const size::<C>(),
            id = const ID,
            mark = const MARK,
            di = const offset_of!(pt_regs, di),
            si = const offset_of!(pt_regs, si),
            dx = const offset_of!(pt_regs, dx),
            cx = const offset_of!(pt_regs, cx),
            r8 = const offset_of!(pt_regs, r8),
            r9 = const offset_of!(pt_regs, r9),
            r10 = const offset_of!(pt_regs, r10),
            ax = const offset_of!(pt_regs, ax),
            bp = const offset_of!(pt_regs, bp),
            flags = const bindings::RPROBES_TASK_FLAGS,
            may_not_return = const bindings::RPROBES_PF_MAY_NOT_RETURN,
            not_in_task = const bindings::RPROBES_NOT_IN_TASK,
            missed = const offset_of!(Owner, missed),
            not_followed = const offset_of!(Owner, not_followed),
            check_rcu = const CHECK_RCU as usize,
            rcu_is_watching = sym rcu_is_watching,
            busy = sym rprobes_busy,
            count = sym COUNT,
            task = sym TASK,
            call_body = sym rprobes_call_body,
            leave = sym rprobes_leave,
            resched = sym bindings::rprobes_resched,
            anchor = lateout(reg) anchor,
            slots = lateout(reg) slots,
        )
    }
    Trampolines {
        anchor,
        // SAFETY: They are above, for as long as this code is, and are atomic or constant.
        slots: unsafe { &*slots },
        mark: MARK / size_of::<usize>(),
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
            .balign 16, 0xcc
            .type {me}_anchor, @function
            {me}_anchor:
            endbr64
            ud2
            .size {me}_anchor, . - {me}_anchor
            .irp i, 0, 1, 2, 3
            .balign 16, 0xcc
            .type {me}_\\i, @function
            {me}_\\i:
            sub rsp, {size}
            mov r11, gs:[rip + {task}]
            test dword ptr [r11 + {flags}], {may_not_return}
            jnz 5f
            20:
            mov r11, rbp
            mov [rsp + {bp}], r11
            mov [rsp + {ax}], rax",
            save!(),
            "lea r11, [rip + {me}_slots + 16 * \\i]
            mov [rsp + {id}], r11
            mov [rsp + {mark}], rsp
            mov rsi, [rip + {me}_slots + 16 * \\i]
            mov rdi, rsp
            call {call}
            mov qword ptr [rsp + {mark}], 0
            add rsp, {size}
            call {leave}
            ud2
            5:",
            // As for other trampolines.
            concat!("test dword ptr ", count_at!(), ", {not_in_task}"),
            "jnz 20b
            mov r11, [rip + {me}_slots + 16 * \\i]
            lock inc qword ptr [r11 + {not_followed}]
            add rsp, {size}",
            ret!(),
            ".size {me}_\\i, . - {me}_\\i
            .pushsection .data, \"aw\", @progbits
            .quad 0
            .quad {me}_\\i - {me}_anchor
            .popsection
            .endr
            .popsection
            lea {anchor}, [rip + {me}_anchor]
            lea {slots}, [rip + {me}_slots]",
            me = sym replacements::<R>,
            call = sym R::call,
            registers = const R::REGISTERS,
            size = const size_of::<Frame>(),
            id = const ID,
            mark = const MARK,
            di = const offset_of!(pt_regs, di),
            si = const offset_of!(pt_regs, si),
            dx = const offset_of!(pt_regs, dx),
            cx = const offset_of!(pt_regs, cx),
            r8 = const offset_of!(pt_regs, r8),
            r9 = const offset_of!(pt_regs, r9),
            ax = const offset_of!(pt_regs, ax),
            bp = const offset_of!(pt_regs, bp),
            flags = const bindings::RPROBES_TASK_FLAGS,
            may_not_return = const bindings::RPROBES_PF_MAY_NOT_RETURN,
            not_in_task = const bindings::RPROBES_NOT_IN_TASK,
            not_followed = const offset_of!(Owner, not_followed),
            count = sym COUNT,
            task = sym TASK,
            leave = sym rprobes_leave,
            anchor = lateout(reg) anchor,
            slots = lateout(reg) slots,
        )
    }
    Trampolines {
        anchor,
        // SAFETY: As for `trampolines`.
        slots: unsafe { &*slots },
        mark: MARK / size_of::<usize>(),
    }
}

/// Calls the body of the function with the arguments that the frame has.
///
/// # Safety
///
/// `frame` must be that of a hook, whose function has no arguments on the stack and can do with these.
pub(crate) unsafe fn call_body(frame: *mut Frame) -> Words {
    // SAFETY: The caller promises that; behind the frame there is the return address to the function.
    unsafe { rprobes_call_original(&raw const (*frame).regs, *frame.add(1).cast::<usize>()) }
}

/// As [`complete`], for the frame of a hook.
///
/// # Safety
///
/// As for [`complete`].
pub(crate) unsafe fn complete_replaced(regs: *mut pt_regs) {
    // SAFETY: The caller promises that; behind the frame there is the return address to the function.
    unsafe {
        let returns: *mut usize = regs.cast::<Frame>().add(1).cast();
        (*regs).ip = *returns;
        (*regs).sp = returns.add(1) as usize;
        arch::set_kernel_mode(regs);
    }
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
    // SAFETY: The caller promises that; behind the frame there are the return addresses to the function, and to its caller.
    unsafe {
        let returns = frame
            .cast::<usize>()
            .byte_add(size::<C>())
            .add(usize::from(returned));
        let regs = &raw mut (*frame).regs;
        (*regs).ip = *returns;
        (*regs).sp = returns.add(1) as usize;
        arch::set_kernel_mode(regs);
    }
}
