// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Keeping interrupts away from this CPU.
//!
//! C header: [`include/linux/irqflags.h`](srctree/include/linux/irqflags.h)

use core::marker::PhantomData;

use super::arch;
use crate::bindings;

/// The interrupts of whatever CPU one is on.
pub(crate) struct Irqs {
    /// They are turned off and on by calls, not by instructions.
    by_call: bool,
}

impl Irqs {
    /// Any context.
    pub(crate) fn new() -> Self {
        // SAFETY: May be called anywhere.
        let by_hypervisor = unsafe { bindings::rprobes_irq_by_hypervisor() };
        // lockdep wants to know.
        Self {
            by_call: by_hypervisor || cfg!(CONFIG_TRACE_IRQFLAGS),
        }
    }

    /// Turns them off, until what this returns is dropped. Any context.
    #[inline(always)]
    pub(crate) fn off(&self) -> IrqOff {
        IrqOff {
            // SAFETY: They are restored on drop.
            flags: unsafe { arch::irq_save(self.by_call) },
            by_call: self.by_call,
            _not_send: PhantomData,
        }
    }
}

/// While there is one, this CPU takes no interrupts but non-maskable ones, and no other task runs on it.
pub(crate) struct IrqOff {
    flags: usize,
    by_call: bool,
    /// It ends on the CPU that it began on.
    _not_send: PhantomData<*mut ()>,
}

impl Drop for IrqOff {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: The flags are those that were saved, and one that began later has ended.
        unsafe { arch::irq_restore(self.flags, self.by_call) };
    }
}

/// What one does in a loop that waits for another CPU. Any context.
pub(crate) fn relax() {
    // SAFETY: May be called anywhere.
    unsafe { bindings::rprobes_cpu_relax() };
}
