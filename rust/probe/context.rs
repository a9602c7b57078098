// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What a handler sees: the hit that it was called for.

use core::marker::PhantomData;

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use super::node::Core;
use crate::{
    bindings,
    machine::{self, memory, PtRegs},
    place::Symbol,
};

pub use crate::machine::Comm;

/// The hit that a handler was called for. It cannot be kept: it ends with the handler.
///
/// # Memory
///
/// The `read` functions read what the probed code points to, without a lock, an allocation or a fault: a bad address
/// is [`EFAULT`], and so is one whose page is not there. If the handler implements `fault`, that is called first.
/// Addresses of the kernel and of user space are kept apart: `read_user` never reads kernel memory, and `read`
/// never reads that of the user. Kernel addresses are read whatever is there: reading the registers of a device has
/// effects, so do not follow a pointer to them.
pub struct Context<'a, Phase> {
    core: &'a Core,
    regs: &'a PtRegs,
    phase: Phase,
    fault: Option<FaultHandler<'a>>,
    /// The hit belongs to this CPU.
    _not_send: PhantomData<*const ()>,
}

/// How to report a read that faults to the handler.
#[derive(Clone, Copy)]
pub(crate) struct FaultHandler<'a> {
    call: unsafe fn(*const (), &FaultContext<'_>),
    handler: *const (),
    _handler: PhantomData<&'a ()>,
}

impl<'a> FaultHandler<'a> {
    /// # Safety
    ///
    /// `call` must be sound to call with a pointer to `handler`.
    #[inline(always)]
    pub(crate) unsafe fn new<T>(
        handler: &'a T,
        call: unsafe fn(*const (), &FaultContext<'_>),
    ) -> Self {
        Self {
            call,
            handler: core::ptr::from_ref(handler).cast(),
            _handler: PhantomData,
        }
    }
}

/// The context of a kprobe before the probed instruction.
pub struct Pre;

/// The context of a kprobe after the probed instruction.
pub struct Post;

/// The context of a kretprobe at the entry of the function.
pub struct Entry;

/// The context of a kretprobe when the function has returned.
pub struct Ret;

/// A fault that happened on behalf of a probe.
pub struct Fault {
    cause: FaultCause,
    address: usize,
    trap: Option<u32>,
}

/// The context of `fault`.
pub type FaultContext<'a> = Context<'a, Fault>;

/// What faulted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCause {
    /// A `read` of the context in the handler.
    Read,
    /// The probed instruction itself, as it was executed out of line. Only on x86: arm64 does not tell, and allows no
    /// probe at an instruction whose fault it would mend.
    Instruction,
}

impl<'a, Phase> Context<'a, Phase> {
    #[inline(always)]
    pub(crate) fn new(
        core: &'a Core,
        regs: &'a PtRegs,
        phase: Phase,
        fault: Option<FaultHandler<'a>>,
    ) -> Self {
        Self {
            core,
            regs,
            phase,
            fault,
            _not_send: PhantomData,
        }
    }

    /// The registers of the probed context.
    #[inline(always)]
    pub fn regs(&self) -> &PtRegs {
        self.regs
    }

    /// The probed address; prints as `kernel_clone+0x4/0x4a0`. C: `p->addr`.
    #[inline(always)]
    pub fn address(&self) -> Symbol {
        Symbol(self.core.address())
    }

    /// The target as it was given, such as `_do_fork`; prints as that.
    #[inline(always)]
    pub fn target(&self) -> impl Display + '_ {
        Written(self.core)
    }

    /// The thread that is running, by the number that the kernel's own log gives it; 0 for an idle CPU.
    #[doc(alias = "current")]
    #[inline]
    pub fn pid(&self) -> i32 {
        current!().pid()
    }

    /// The process that is running: what user space calls its PID.
    #[doc(alias = "task_tgid_nr")]
    pub fn tgid(&self) -> i32 {
        machine::tgid()
    }

    /// The name of the thread that is running; prints as text.
    pub fn comm(&self) -> Comm {
        Comm::current()
    }

    /// The CPU that this runs on.
    #[doc(alias = "smp_processor_id")]
    pub fn cpu(&self) -> u32 {
        machine::cpu()
    }

    /// Nanoseconds since some moment of the past: the clock of the trace buffer and of the kernel log. Good for
    /// differences on one CPU, and nearly so between CPUs.
    #[doc(alias = "local_clock")]
    #[inline]
    pub fn timestamp(&self) -> u64 {
        // SAFETY: May be called anywhere, also in an NMI.
        unsafe { bindings::rprobes_timestamp() }
    }

    /// The return addresses on the stack of the probed context, from the innermost on, at most as many as fit.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::prelude::*;
    /// use rprobes::{kprobe::PreContext, Symbol};
    ///
    /// fn show(cx: &PreContext<'_>) {
    ///     for address in cx.stack(&mut [0; 16]) {
    ///         pr_info!("  {}\n", Symbol(*address));
    ///     }
    /// }
    /// ```
    #[doc(alias = "stack_trace_save")]
    #[doc(alias = "dump_stack")]
    pub fn stack<'b>(&self, addresses: &'b mut [usize]) -> &'b [usize] {
        machine::stack(self.regs, addresses)
    }

    /// Reads a value from kernel memory.
    #[doc(alias = "copy_from_kernel_nofault")]
    pub fn read<T: FromBytes>(&self, address: usize) -> Result<T> {
        memory::read(address).inspect_err(|_| self.faulted(address))
    }

    /// Reads a value from the memory of the current task.
    #[doc(alias = "copy_from_user_nofault")]
    pub fn read_user<T: FromBytes>(&self, address: usize) -> Result<T> {
        memory::read_user(address).inspect_err(|_| self.faulted(address))
    }

    /// Reads a NUL-terminated string from kernel memory into `buffer`, and returns it without the NUL; one that is
    /// longer than `buffer` is cut off.
    #[doc(alias = "strncpy_from_kernel_nofault")]
    pub fn read_str<'b>(&self, address: usize, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
        memory::read_str(address, buffer, memory::Space::Kernel)
            .inspect_err(|_| self.faulted(address))
    }

    /// As [`read_str`](Self::read_str), from the memory of the current task.
    #[doc(alias = "strncpy_from_user_nofault")]
    pub fn read_user_str<'b>(&self, address: usize, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
        memory::read_str(address, buffer, memory::Space::User)
            .inspect_err(|_| self.faulted(address))
    }

    /// Has the probe disarmed a moment later, in process context. Hits until then are still delivered.
    ///
    /// [`Planted::enable`](crate::Planted::enable) arms it again. In a [`ProbeSet`](crate::ProbeSet) this is for the
    /// probe that was hit alone.
    #[doc(alias = "disable_kprobe")]
    pub fn disable_later(&self) {
        self.core.disable_later();
    }

    /// Has the probe unregistered a moment later, in process context: a one-shot. Hits until then are still delivered,
    /// so a handler that must do something only once remembers that it has.
    ///
    /// The owner keeps the handler, and may drop the probe at any time. Planting it again takes a new probe.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{prelude::*, sync::atomic::{Atomic, Relaxed}};
    /// use rprobes::kprobe::{self, PreContext};
    ///
    /// struct Once(Atomic<u32>);
    ///
    /// #[vtable]
    /// impl kprobe::Handler for Once {
    ///     fn pre(&self, cx: &PreContext<'_>) {
    ///         if self.0.fetch_add(1, Relaxed) == 0 {
    ///             pr_info!("{} was the first to come by\n", cx.comm());
    ///             cx.unregister_later();
    ///         }
    ///     }
    /// }
    /// ```
    #[doc(alias = "unregister_kprobe")]
    pub fn unregister_later(&self) {
        self.core.unregister_later();
    }

    /// Tells the handler that a read faulted, if it wants to know.
    #[cold]
    fn faulted(&self, address: usize) {
        if let Some(fault) = self.fault {
            let phase = Fault {
                cause: FaultCause::Read,
                address,
                trap: None,
            };
            // Without a handler for its own faults: a `read` in `fault` that faults does not call it again.
            let cx = Context::new(self.core, self.regs, phase, None);
            // SAFETY: The pointer is to the handler that the function is of, which lives during the hit.
            unsafe { (fault.call)(fault.handler, &cx) };
        }
    }
}

impl Context<'_, Ret> {
    /// What the function returned. C: `regs_return_value(regs)`.
    #[doc(alias = "regs_return_value")]
    #[inline(always)]
    pub fn return_value(&self) -> usize {
        self.regs.return_value()
    }

    /// Where the function returns to; prints as a symbol. C: `get_kretprobe_retaddr(ri)`.
    #[doc(alias = "get_kretprobe_retaddr")]
    #[inline(always)]
    pub fn return_address(&self) -> Symbol {
        // The trampoline sets it before it calls handlers, also where several return probes are at one function.
        Symbol(self.regs.ip())
    }
}

impl Context<'_, Fault> {
    /// What faulted.
    pub fn cause(&self) -> FaultCause {
        self.phase.cause
    }

    /// The address that could not be accessed; 0 for a trap that has none.
    pub fn fault_address(&self) -> usize {
        self.phase.address
    }

    /// The number of the trap of the probed instruction, such as 14 for a page fault; none for a read. x86 only.
    pub fn trap(&self) -> Option<u32> {
        self.phase.trap
    }
}

impl Fault {
    pub(crate) fn instruction(trap: u32, address: usize) -> Self {
        Self {
            cause: FaultCause::Instruction,
            address,
            trap: Some(trap),
        }
    }
}

/// Prints the target of a probe as it was written.
struct Written<'a>(&'a Core);

impl Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self.0.name(), f)
    }
}
