// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The registers at a probe.

use kernel::{bindings, prelude::*, types::Opaque};

use super::{arch, memory};

/// The registers of the probed context, by the same names on every architecture.
///
/// Wraps `struct pt_regs` of `asm/ptrace.h`. Any context, though there is none outside of handlers.
///
/// Reading is safe. **Writing is not**: the probed code goes on with what was written, and nothing checks whether it
/// can. Each function says what the author must know.
///
/// # Examples
///
/// ```
/// use rprobes::PtRegs;
///
/// /// The third argument of `vfs_read(file, buf, count, pos)`, if the probe is at its entry.
/// fn count(regs: &PtRegs) -> usize {
///     regs.arg(2)
/// }
/// ```
#[repr(transparent)]
pub struct PtRegs(Opaque<bindings::pt_regs>);

impl PtRegs {
    /// What this architecture calls [`ip`](Self::ip): `ip` or `pc`.
    pub const IP_NAME: &'static str = arch::IP_NAME;

    /// What this architecture calls [`flags`](Self::flags): `flags` or `pstate`.
    pub const FLAGS_NAME: &'static str = arch::FLAGS_NAME;

    /// How many arguments of a function arrive in registers: 6 on x86_64, 8 on arm64.
    pub const ARG_REGS: usize = arch::ARG_REGS;

    /// # Safety
    ///
    /// `regs` must be the registers that a probe handler was given, and `'a` must end with the handler.
    #[inline(always)]
    pub(crate) unsafe fn from_ptr<'a>(regs: *const bindings::pt_regs) -> &'a Self {
        // SAFETY: `Self` is transparent, and the caller promises the rest.
        unsafe { &*regs.cast() }
    }

    pub(crate) fn as_ptr(&self) -> *mut bindings::pt_regs {
        self.0.get()
    }

    #[inline(always)]
    fn get(&self) -> &bindings::pt_regs {
        // SAFETY: The registers are those of this CPU's probed context, which stands still; this type is not `Sync`,
        // and the reference ends before the setters below can be called.
        unsafe { &*self.0.get() }
    }

    #[inline(always)]
    #[expect(
        clippy::mut_from_ref,
        reason = "a register file of this CPU, behind an UnsafeCell"
    )]
    fn get_mut(&self) -> &mut bindings::pt_regs {
        // SAFETY: As above; no other reference is held across a call of a setter.
        unsafe { &mut *self.0.get() }
    }

    /// The `n`-th integer or pointer argument that is passed in a register, counted from 0; `n` below
    /// [`ARG_REGS`](Self::ARG_REGS), which is checked when the module is built.
    ///
    /// This holds an argument only at the entry of a function: later the compiler uses the register for other
    /// things. Same as `regs_get_kernel_argument()`.
    #[doc(alias = "regs_get_kernel_argument")]
    #[inline(always)]
    pub fn arg(&self, n: usize) -> usize {
        build_assert!(n < arch::ARG_REGS);
        arch::arg(self.get(), n)
    }

    /// The `n`-th argument that is passed on the stack, counted from 0: `stack_arg(0)` is the seventh
    /// argument of a function of words on x86_64, and the ninth on arm64.
    ///
    /// Only at the entry of a function, and only for arguments that take one machine word each.
    ///
    /// # Errors
    ///
    /// [`EFAULT`] if the stack is not readable there.
    #[doc(alias = "regs_get_kernel_stack_nth")]
    pub fn stack_arg(&self, n: usize) -> Result<usize> {
        let words = n.wrapping_add(arch::STACK_ARGS_AT);
        memory::read(
            self.sp()
                .wrapping_add(words.wrapping_mul(size_of::<usize>())),
        )
    }

    /// The value that a function returns, when it returns. Same as `regs_return_value()`.
    #[doc(alias = "regs_return_value")]
    #[inline(always)]
    pub fn return_value(&self) -> usize {
        arch::return_value(self.get())
    }

    /// What a function returns in two registers, if it does.
    #[inline(always)]
    pub(crate) fn return_words(&self) -> [usize; 2] {
        [
            arch::return_value(self.get()),
            arch::return_value_high(self.get()),
        ]
    }

    /// The instruction pointer. In a handler this is not the probed address (on x86 it is past it): use
    /// [`Context::address`](crate::Context::address) for that. Same as `instruction_pointer()`.
    #[doc(alias = "instruction_pointer")]
    #[inline(always)]
    pub fn ip(&self) -> usize {
        arch::ip(self.get())
    }

    /// The stack pointer. Same as `kernel_stack_pointer()`.
    #[doc(alias = "kernel_stack_pointer")]
    #[inline(always)]
    pub fn sp(&self) -> usize {
        arch::sp(self.get())
    }

    /// The processor flags: `flags` on x86, `pstate` on arm64.
    #[inline(always)]
    pub fn flags(&self) -> usize {
        arch::flags(self.get())
    }

    /// Changes the `n`-th argument of the function that is about to run.
    ///
    /// # Safety
    ///
    /// - The probe is at the entry of a function that has such an argument.
    /// - The function does with `value` only what is sound: if it is a pointer, it points to what the function
    ///   expects, for as long as the function expects it.
    #[inline(always)]
    pub unsafe fn set_arg(&self, n: usize, value: usize) {
        build_assert!(n < arch::ARG_REGS);
        arch::set_arg(self.get_mut(), n, value);
    }

    /// Changes what a function returns.
    ///
    /// # Safety
    ///
    /// - This is called in [`ret`](crate::kretprobe::Handler::ret) of a return probe, or at the return instruction of
    ///   a function.
    /// - The callers of the function do with `value` only what is sound.
    #[inline(always)]
    pub unsafe fn set_return_value(&self, value: usize) {
        arch::set_return_value(self.get_mut(), value);
    }

    /// Makes the CPU go on at `address` instead of the probed instruction, which is not executed.
    ///
    /// # Safety
    ///
    /// - This is called in [`pre`](crate::kprobe::Handler::pre) of a handler with
    ///   [`REDIRECTS`](crate::kprobe::Handler::REDIRECTS). Without that it has no effect.
    /// - At `address` there is kernel code that can go on with these registers and this stack, for example another
    ///   function of the same type if the probe is at the entry of one; and it stays there.
    #[doc(alias = "instruction_pointer_set")]
    #[inline(always)]
    pub unsafe fn set_ip(&self, address: usize) {
        arch::set_ip(self.get_mut(), address);
    }

    /// Makes the function return `value` to its caller at once, instead of running.
    ///
    /// # Safety
    ///
    /// - This is called in [`pre`](crate::kprobe::Handler::pre) of a handler with
    ///   [`REDIRECTS`](crate::kprobe::Handler::REDIRECTS), and the probe is at the entry of a function.
    /// - The callers can do with `value`, and without what the function would have done.
    #[doc(alias = "override_function_with_return")]
    pub unsafe fn return_early(&self, value: usize) {
        arch::return_early(self.get_mut(), value);
    }
}
