// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! x86_64: [`arch/x86/include/asm/ptrace.h`](srctree/arch/x86/include/asm/ptrace.h).

use core::{ffi::CStr, mem::MaybeUninit};

use kernel::{bindings::pt_regs, ffi::c_void};

use super::{Planted, Seldom};
use crate::{bindings, machine::memory};

pub(crate) const ARG_REGS: usize = 6;
/// The return address is at the top of the stack.
pub(crate) const STACK_ARGS_AT: usize = 1;
pub(crate) const IP_NAME: &str = "ip";
pub(crate) const FLAGS_NAME: &str = "flags";
pub(crate) const SYSCALL: &str = "__x64_sys_";
pub(crate) const SYSCALL_32: &[&str] = &["__ia32_sys_", "__ia32_compat_sys_"];
// Until Linux 6.8.
pub(crate) const SYSCALL_TABLE_32: &CStr = c"ia32_sys_call_table";

#[inline(always)]
pub(crate) fn arg(regs: &pt_regs, n: usize) -> usize {
    match n {
        0 => regs.di,
        1 => regs.si,
        2 => regs.dx,
        3 => regs.cx,
        4 => regs.r8,
        _ => regs.r9,
    }
}

#[inline(always)]
pub(crate) fn ip(regs: &pt_regs) -> usize {
    regs.ip
}

#[inline(always)]
pub(crate) fn sp(regs: &pt_regs) -> usize {
    regs.sp
}

#[inline(always)]
pub(crate) fn flags(regs: &pt_regs) -> usize {
    regs.flags
}

pub(crate) fn is_insn_aligned(_address: usize) -> bool {
    true
}

/// The 5-byte NOP that ftrace has put there, or its call. Behind the landing pad (ENDBR), which the kernel skips.
pub(crate) fn is_ftrace_insn(function: usize, offset: usize) -> bool {
    cfg!(CONFIG_KPROBES_ON_FTRACE)
        && ((offset == 0 && looks_patched(function))
            || (offset == 0 || offset == LANDING_PAD) && looks_patched(function + LANDING_PAD))
}

/// The length of ENDBR.
pub(crate) const LANDING_PAD: usize = 4;

fn looks_patched(address: usize) -> bool {
    matches!(
        memory::read::<[u8; 5]>(address),
        Ok([0x0f, 0x1f, 0x44, 0, 0] | [0xe8, ..])
    )
}

/// Where ftrace calls from in a function that it knows.
pub(crate) fn ftrace_site(function: usize) -> usize {
    if looks_patched(function) || !cfg!(CONFIG_X86_KERNEL_IBT) {
        function
    } else {
        function + LANDING_PAD
    }
}

/// They begin with what they have of a `struct pt_regs`.
///
/// # Safety
///
/// `fregs` must be what ftrace passes to a callback.
#[inline(always)]
pub(crate) unsafe fn ftrace_regs(
    fregs: *mut c_void,
    _room: &mut MaybeUninit<pt_regs>,
    _returned: bool,
) -> *mut pt_regs {
    fregs.cast()
}

/// Says that the registers are of the kernel.
///
/// # Safety
///
/// `regs` must be those of a hit that is being handled, and not be put back as a whole.
#[inline(always)]
pub(crate) unsafe fn set_kernel_mode(regs: *mut pt_regs) {
    // SAFETY: The caller promises that.
    unsafe {
        (&raw mut (*regs).ip)
            .add(1)
            .write(bindings::RPROBES_KERNEL_CS as usize);
        (*regs).flags = bindings::RPROBES_FLAGS as usize;
    }
}

extern "C" {
    static rprobes_busy: i32;
    #[cfg_attr(have_pcpu_hot, link_name = "pcpu_hot")]
    #[cfg_attr(not(have_pcpu_hot), link_name = "__preempt_count")]
    static COUNT: usize;
    /// First in that structure.
    #[cfg_attr(have_pcpu_hot, link_name = "pcpu_hot")]
    #[cfg_attr(not(have_pcpu_hot), link_name = "current_task")]
    static CURRENT: usize;
}

/// This CPU's `preempt_count()`, without the bit that tells whether to reschedule. Before Linux 6.15 it is in a structure.
#[cfg(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS)]
macro_rules! count {
    () => {
        concat!("qword ptr ", count_at!())
    };
}
#[cfg(not(CONFIG_HAS_SEPARATE_PREEMPT_RESCHED_BITS))]
macro_rules! count {
    () => {
        concat!("dword ptr ", count_at!())
    };
}
#[cfg(have_pcpu_hot)]
macro_rules! count_at {
    () => {
        "gs:[rip + {count} + 8]"
    };
}
#[cfg(not(have_pcpu_hot))]
macro_rules! count_at {
    () => {
        "gs:[rip + {count}]"
    };
}
pub(crate) use {count, count_at};

/// Whether to ask if RCU is watching. What runs while it is not, on an idle CPU, cannot be traced since Linux 6.3.
pub(crate) const CHECK_RCU: bool = cfg!(not(have_noinstr_cpuidle));

/// Calls `miss`, with preemption off if that is known by then, before it returns false.
///
/// # Safety
///
/// If it returns true, [`busy_end`] must be called.
#[inline(always)]
pub(crate) unsafe fn busy_begin(miss: impl FnOnce()) -> bool {
    // SAFETY: May be called at any time.
    if CHECK_RCU && !unsafe { kernel::bindings::rcu_is_watching() } {
        miss();
        return false;
    }
    // SAFETY: This is `preempt_disable_notrace()`, and writes a word of this CPU. An interrupt that comes between finds that a
    // handler is running, and has put the word back before this goes on.
    unsafe {
        core::arch::asm!(
            concat!("inc ", count!()),
            "inc dword ptr gs:[rip + {busy}]",
            "jnz {inside}",
            count = sym COUNT,
            busy = sym rprobes_busy,
            inside = label {
                miss();
                // SAFETY: What was written here is put back, and preemption was turned off here.
                unsafe { busy_end() };
                return false;
            },
            options(nostack)
        );
    }
    true
}

/// # Safety
///
/// [`busy_begin`] must have returned true, on this CPU.
#[inline(always)]
pub(crate) unsafe fn busy_end() {
    // SAFETY: It writes a word of this CPU, as preemption is off.
    unsafe {
        core::arch::asm!("dec dword ptr gs:[rip + {busy}]", busy = sym rprobes_busy, options(nostack))
    };
    // SAFETY: The caller promises that it was turned off.
    unsafe { preempt_enable() };
}

/// # Safety
///
/// Preemption must be off until [`busy_end_in_atomic`] is called, which must be if it returns true.
#[inline(always)]
pub(crate) unsafe fn busy_begin_in_atomic(miss: impl FnOnce()) -> bool {
    // SAFETY: It writes a word of this CPU. For interrupts see `busy_begin`.
    unsafe {
        core::arch::asm!(
            "inc dword ptr gs:[rip + {busy}]",
            "jnz {inside}",
            busy = sym rprobes_busy,
            inside = label {
                miss();
                // SAFETY: What was written here is put back.
                unsafe { busy_end_in_atomic() };
                return false;
            },
            options(nostack)
        );
    }
    true
}

/// # Safety
///
/// [`busy_begin_in_atomic`] must have returned true, on this CPU.
#[inline(always)]
pub(crate) unsafe fn busy_end_in_atomic() {
    // SAFETY: It writes a word of this CPU, as preemption is off.
    unsafe {
        core::arch::asm!("dec dword ptr gs:[rip + {busy}]", busy = sym rprobes_busy, options(nostack))
    };
}

/// `preempt_enable_notrace()`.
///
/// # Safety
///
/// Preemption must have been turned off.
#[inline(always)]
unsafe fn preempt_enable() {
    // SAFETY: The caller promises that. The count is 0 if the CPU is to reschedule, and may.
    unsafe {
        core::arch::asm!(
            concat!("dec ", count!()),
            "jz {resched}",
            count = sym COUNT,
            resched = label {
                // SAFETY: As above.
                unsafe { bindings::rprobes_resched() }
            },
            options(nostack)
        );
    }
}

/// INT3, or the JMP rel32 that an optimised probe has instead.
pub(crate) fn planted(address: usize) -> Planted {
    match memory::read::<u8>(address) {
        Ok(0xcc) => Planted::Breakpoint,
        Ok(0xe9) => Planted::Jump,
        _ => Planted::Nothing,
    }
}

#[inline(always)]
pub(crate) fn return_value(regs: &pt_regs) -> usize {
    regs.ax
}

/// The second word of a value of two.
#[inline(always)]
pub(crate) fn return_value_high(regs: &pt_regs) -> usize {
    regs.dx
}

/// Both words of a value of two.
pub(crate) fn set_return_words(regs: &mut pt_regs, words: [usize; 2]) {
    [regs.ax, regs.dx] = words;
}

#[inline(always)]
pub(crate) fn set_arg(regs: &mut pt_regs, n: usize, value: usize) {
    *match n {
        0 => &mut regs.di,
        1 => &mut regs.si,
        2 => &mut regs.dx,
        3 => &mut regs.cx,
        4 => &mut regs.r8,
        _ => &mut regs.r9,
    } = value;
}

#[inline(always)]
pub(crate) fn set_return_value(regs: &mut pt_regs, value: usize) {
    regs.ax = value;
}

#[inline(always)]
pub(crate) fn set_ip(regs: &mut pt_regs, address: usize) {
    regs.ip = address;
}

/// Goes on at an instruction that returns; or, on a kernel without dynamic ftrace, where that would go.
pub(crate) fn return_early(regs: &mut pt_regs, value: usize) {
    // SAFETY: May be called at any time.
    let insn = unsafe { bindings::rprobes_return_insn() };
    if insn != 0 {
        regs.ax = value;
        regs.ip = insn;
    } else if let Ok(address) = memory::read(regs.sp) {
        // A function that was entered has its return address on the stack, so the read does not fail.
        regs.ax = value;
        regs.ip = address;
        regs.sp += size_of::<usize>();
    }
}

/// 32 bits of the current task.
///
/// # Safety
///
/// There must be as many in a `struct task_struct` at `offset`.
#[inline(always)]
pub(crate) unsafe fn task_word(offset: usize) -> u32 {
    let word;
    // SAFETY: A CPU always has a current task, whose memory is there as long as it runs. What changes in there meanwhile is read
    // by one instruction.
    unsafe {
        core::arch::asm!(
            "mov {task}, qword ptr gs:[rip + {current}]",
            "mov {word:e}, dword ptr [{task} + {offset}]",
            current = sym CURRENT,
            task = out(reg) _,
            offset = in(reg) offset,
            word = lateout(reg) word,
            options(nostack, readonly, preserves_flags)
        );
    }
    word
}

/// Calls `F` with a pointer, and changes no registers but that of what it returns. So it costs nothing, where it is seldom done,
/// to keep something in registers.
///
/// # Safety
///
/// That of the function.
#[inline(always)]
pub(crate) unsafe fn call_seldom<F: Seldom>(argument: *const F::Argument) -> bool {
    let result: usize;
    // SAFETY: It is a function in C's way, which leaves the other registers as they are, but for %rax: of that, 8 bits are what it
    // returns, and the others are anything.
    unsafe {
        core::arch::asm!(
            "push rcx",
            "push rdx",
            "push rsi",
            "push rdi",
            "push r8",
            "push r9",
            "push r10",
            "push r11",
            "mov rdi, {argument}",
            "call {function}",
            "pop r11",
            "pop r10",
            "pop r9",
            "pop r8",
            "pop rdi",
            "pop rsi",
            "pop rdx",
            "pop rcx",
            function = sym F::call,
            argument = in(reg) argument,
            lateout("rax") result,
        );
    }
    result as u8 != 0
}

/// Adds to this CPU's copy of the `I`-th word: one instruction, so no other CPU and no interrupt comes between.
///
/// # Safety
///
/// `words` must be what `rprobes_percpu_alloc` has returned for more than `I` words.
#[inline(always)]
pub(crate) unsafe fn percpu_add<const I: usize>(words: *mut u64, n: u64) {
    // SAFETY: %gs is what leads from the allocation to this CPU's copy of it.
    unsafe {
        core::arch::asm!(
            "add qword ptr gs:[{words} + {at}], {n}",
            words = in(reg) words,
            at = const I * size_of::<u64>(),
            n = in(reg) n,
            options(nostack)
        )
    }
}

/// Adds 1 to this CPU's copy of the `I`-th word.
///
/// # Safety
///
/// As for [`percpu_add`].
#[inline(always)]
pub(crate) unsafe fn percpu_inc<const I: usize>(words: *mut u64) {
    // SAFETY: %gs is what leads from the allocation to this CPU's copy of it.
    unsafe {
        core::arch::asm!(
            "inc qword ptr gs:[{words} + {at}]",
            words = in(reg) words,
            at = const I * size_of::<u64>(),
            options(nostack)
        )
    }
}

/// `local_irq_save()`.
///
/// # Safety
///
/// [`irq_restore`] must be called with what it returns, on this CPU. It must be called if the instructions do not do.
#[inline(always)]
pub(crate) unsafe fn irq_save(by_call: bool) -> usize {
    if by_call {
        // SAFETY: The caller promises the same.
        return unsafe { bindings::rprobes_irq_save() };
    }
    let flags;
    // SAFETY: What is pushed is popped, and the caller promises that interrupts are turned on again.
    unsafe { core::arch::asm!("pushfq", "pop {flags}", "cli", flags = out(reg) flags) };
    flags
}

/// `local_irq_restore()`.
///
/// # Safety
///
/// `flags` must be what [`irq_save`] has returned, when called with the same.
#[inline(always)]
pub(crate) unsafe fn irq_restore(flags: usize, by_call: bool) {
    /// Interrupts are on.
    const IF: usize = 1 << 9;

    if by_call {
        // SAFETY: The caller promises the same.
        unsafe { bindings::rprobes_irq_restore(flags) };
    } else if flags & IF != 0 {
        // SAFETY: They were on before, says the caller.
        unsafe { core::arch::asm!("sti", options(nostack)) };
    }
}

/// This CPU's copy of the first word.
///
/// # Safety
///
/// `words` must be what `rprobes_percpu_alloc` has returned.
#[inline(always)]
pub(crate) unsafe fn percpu_read(words: *mut u64) -> u64 {
    let value;
    // SAFETY: %gs is what leads from the allocation to this CPU's copy of it.
    unsafe {
        core::arch::asm!(
            "mov {value}, qword ptr gs:[{words}]",
            words = in(reg) words,
            value = lateout(reg) value,
            options(nostack, preserves_flags, readonly)
        )
    };
    value
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
                    "2: .byte 0x0f, 0x1f, 0x44, 0x00, 0x00",
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
