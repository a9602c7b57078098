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
    machine::{self, memory, PtRegs, Words},
    place::{functions::Table, Symbol},
    types::{
        self, Function, KernelAddress, KernelPtr, List, NamedTracepoint, Place, Pointer, Raw,
        ReadError, Signature, Text, UserAddress,
    },
};

pub use crate::machine::Comm;

/// The clock of [`Context::timestamp`], where there is no context: how long ago was a hit? Any context.
#[doc(alias = "local_clock")]
#[inline]
pub fn timestamp() -> u64 {
    // SAFETY: May be called anywhere, also in an NMI.
    unsafe { bindings::rprobes_timestamp() }
}

/// The hit that a handler was called for. It cannot be kept: it ends with the handler.
///
/// # Memory
///
/// The `read` functions read what the probed code points to, without a lock, an allocation or a fault: a bad address
/// is [`EFAULT`], and so is one whose page is not there. If the handler implements `fault`, that is called first.
/// Addresses of the kernel and of user space are kept apart: `read_user` never reads kernel memory, and `read`
/// never reads that of the user. Kernel addresses are read whatever is there: reading the registers of a device has
/// effects, so do not follow a pointer to them.
pub struct Context<'a, Phase, F = Raw> {
    core: &'a Core,
    regs: &'a PtRegs,
    hit: Hit<'a>,
    phase: Phase,
    fault: Option<FaultHandler<'a>>,
    function: PhantomData<fn() -> F>,
    /// The hit belongs to this CPU.
    _not_send: PhantomData<*const ()>,
}

/// What is known of a hit of a probe that may be at many functions, and of those that are called with a part of the registers.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hit<'a> {
    /// The place that was hit; 0 if it is the probe's only one.
    pub(crate) site: usize,
    /// All places, if there are several.
    pub(crate) table: Option<&'a Table>,
    /// Fills in what is not there of the registers.
    pub(crate) complete: Option<Complete>,
}

/// Fills in what is not there of the registers.
///
/// # Safety
///
/// They must be the registers of the hit that this is for.
pub(crate) type Complete = unsafe fn(*mut kernel::bindings::pt_regs);

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

/// The context of a probe at a tracepoint.
pub struct AtTracepoint<W> {
    words: W,
}

impl<W> AtTracepoint<W> {
    #[inline(always)]
    pub(crate) fn new(words: W) -> Self {
        Self { words }
    }
}

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

impl<'a, Phase, F> Context<'a, Phase, F> {
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
            hit: Hit {
                site: 0,
                table: None,
                complete: None,
            },
            phase,
            fault,
            function: PhantomData,
            _not_send: PhantomData,
        }
    }

    /// The same, of a probe that may be at many functions.
    #[inline(always)]
    pub(crate) fn of(mut self, hit: Hit<'a>) -> Self {
        self.hit = hit;
        self
    }

    /// The probe.
    #[inline(always)]
    pub(super) fn core(&self) -> &'a Core {
        self.core
    }

    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The probed address; prints as `kernel_clone+0x4/0x4a0`. C: `p->addr`.
    #[inline(always)]
    pub fn address(&self) -> Symbol {
        Symbol(match self.hit.site {
            0 => self.core.address(),
            site => site,
        })
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
    /// differences on one CPU, and nearly so between CPUs: one may be ahead, see [`elapsed`](Self::elapsed).
    #[doc(alias = "local_clock")]
    #[inline]
    pub fn timestamp(&self) -> u64 {
        timestamp()
    }

    /// How many nanoseconds ago a [`timestamp`](Self::timestamp) was taken, on any CPU; 0 if the clock of that one is ahead.
    #[inline]
    pub fn elapsed(&self, since: u64) -> u64 {
        timestamp().saturating_sub(since)
    }

    /// Reads a value from kernel memory.
    #[doc(alias = "copy_from_kernel_nofault")]
    pub fn read<T: FromBytes>(&self, address: impl KernelAddress) -> Result<T> {
        let address = address.address();
        memory::read(address).inspect_err(|_| self.faulted(address))
    }

    /// Reads a value from the memory of the current task.
    #[doc(alias = "copy_from_user_nofault")]
    pub fn read_user<T: FromBytes>(&self, address: impl UserAddress) -> Result<T> {
        let address = address.address();
        memory::read_user(address).inspect_err(|_| self.faulted(address))
    }

    /// Reads a NUL-terminated string from kernel memory into `buffer`, and returns it without the NUL; one that is
    /// longer than `buffer` is cut off.
    #[doc(alias = "strncpy_from_kernel_nofault")]
    pub fn read_str<'b>(
        &self,
        address: impl KernelAddress,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8]> {
        let address = address.address();
        memory::read_str(address, buffer, memory::Space::Kernel)
            .inspect_err(|_| self.faulted(address))
    }

    /// As [`read_str`](Self::read_str), from the memory of the current task.
    #[doc(alias = "strncpy_from_user_nofault")]
    pub fn read_user_str<'b>(
        &self,
        address: impl UserAddress,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8]> {
        let address = address.address();
        memory::read_str(address, buffer, memory::Space::User)
            .inspect_err(|_| self.faulted(address))
    }

    /// Reads what [`read!`](crate::read!) has found the place of.
    #[doc(hidden)]
    #[inline(always)]
    pub fn __load<P: Place>(&self, place: P, step: &'static str) -> Result<P::Value, ReadError> {
        let address = place.address();
        place.load().map_err(|_| {
            self.faulted(address);
            ReadError { step, address }
        })
    }

    /// Reads the string that [`read_str!`](crate::read_str!) has found the place of.
    #[doc(hidden)]
    pub fn __load_str<'b, P: Pointer>(
        &self,
        at: P,
        step: &'static str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], ReadError>
    where
        P::Target: Text,
    {
        types::__private::load_str(at, step, buffer)
            .inspect_err(|error| self.faulted(error.address))
    }

    /// The elements of a list of the kernel's, without the head: at most `most` of them, and none after one that cannot be
    /// read. For each struct whose first member points to the next: `list_head`, `hlist_head` and their kin;
    /// [`container_of!`](crate::container_of!) leads to what the list is of.
    ///
    /// The list may change meanwhile. Other CPUs that take elements out may lead this astray, so the end is wherever the bound
    /// is.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::prelude::*;
    /// use rprobes::{container_of, kprobe::{self, PreContext}, member, read};
    ///
    /// rprobes::kernel_types! { fn wake_up_new_task; struct task_struct; }
    ///
    /// struct Children;
    ///
    /// #[vtable]
    /// impl kprobe::Handler<wake_up_new_task> for Children {
    ///     fn pre(&self, cx: &PreContext<'_, wake_up_new_task>) {
    ///         let Ok(parent) = read!(cx, cx.args().p() => real_parent) else { return };
    ///         let Ok(children) = member!(cx, parent => children) else { return };
    ///         for child in cx.list(children, 100).flatten() {
    ///             let child = container_of!(child, task_struct.sibling);
    ///             pr_info!("{}\n", read!(cx, child => pid).unwrap_or(0));
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[doc(alias = "list_for_each")]
    #[doc(alias = "hlist_for_each")]
    pub fn list<T: 'static>(&self, head: KernelPtr<T>, most: usize) -> List<T> {
        List::new(head, most)
    }

    /// Has the probe disarmed a moment later, in process context, unless it is enabled before that. Hits until then are still delivered.
    ///
    /// [`Planted::enable`](crate::Planted::enable) arms it again, in a [`Timer`](crate::Timer) or in [deferred work](crate::Deferred) for
    /// example. In a [`ProbeSet`](crate::ProbeSet) this is for the
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
    pub(super) fn faulted(&self, address: usize) {
        if let Some(fault) = self.fault {
            let phase = Fault {
                cause: FaultCause::Read,
                address,
                trap: None,
            };
            // Without a handler for its own faults: a `read` in `fault` that faults does not call it again.
            let cx = FaultContext::new(self.core, self.regs, phase, None).of(self.hit);
            // SAFETY: The pointer is to the handler that the function is of, which lives during the hit.
            unsafe { (fault.call)(fault.handler, &cx) };
        }
    }
}

/// Where a handler is called.
#[doc(hidden)]
pub trait Moment {
    /// Whether the task may go on on another CPU meanwhile.
    const PREEMPTIBLE: bool = false;
}

impl Moment for Pre {}

impl Moment for Post {}

impl Moment for Entry {}

impl Moment for Ret {}

impl Moment for Fault {}

impl<W> Moment for AtTracepoint<W> {}

/// A context with the registers of what was probed: all but those of tracepoints, which pass arguments alone.
#[doc(hidden)]
pub trait WithRegisters {}

impl WithRegisters for Pre {}

impl WithRegisters for Post {}

impl WithRegisters for Entry {}

impl WithRegisters for Ret {}

impl WithRegisters for Fault {}

impl<Phase: WithRegisters, F> Context<'_, Phase, F> {
    /// The registers of the probed context.
    ///
    /// A [function probe](crate::fprobe) has those of the arguments, or of the result; the stack pointer and the frame pointer; and the ip, which is
    /// where the function goes on, or has returned to. What the others say means nothing.
    #[inline(always)]
    pub fn regs(&self) -> &PtRegs {
        if let Some(complete) = self.hit.complete {
            // SAFETY: They are those of this hit.
            unsafe { complete(self.regs.as_ptr()) };
        }
        self.regs
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
        machine::stack(self.regs(), addresses)
    }
}

/// A context in which the arguments of a function are where its caller has put them.
#[doc(hidden)]
pub trait AtEntry: WithRegisters {}

impl AtEntry for Pre {}

impl AtEntry for Entry {}

impl<Phase: AtEntry, F> Context<'_, Phase, F> {
    /// The arguments of the function, by their names in C.
    #[doc(alias = "regs_get_kernel_argument")]
    #[inline(always)]
    pub fn args(&self) -> F::Args<'_>
    where
        F: Function,
    {
        F::args(if F::ON_STACK { self.regs() } else { self.regs })
    }
}

/// A context of a probe on functions.
#[doc(hidden)]
pub trait OfFunction {}

impl OfFunction for Entry {}

impl OfFunction for Ret {}

impl<Phase: OfFunction, F> Context<'_, Phase, F> {
    /// Which function was hit, if the probe is at several: its number in [`Fprobe::functions`](crate::fprobe::Fprobe::functions).
    #[inline(always)]
    pub fn index(&self) -> usize {
        self.hit.table.map_or(0, |table| table.index(self.hit.site))
    }
}

impl<W: Words, F> Context<'_, AtTracepoint<W>, F> {
    /// The `n`-th argument of the tracepoint as a word, counted from 0. That there may be so many is checked when the module is built:
    /// 5, on arm64 7, or, if the handler names the tracepoint, as many as it has. One that the tracepoint does not pass is any number.
    #[inline(always)]
    pub fn arg(&self, n: usize) -> usize {
        build_assert!(n < W::COUNT);
        self.phase.words.as_ref()[n]
    }

    /// The arguments of the tracepoint, by their names in C.
    #[inline(always)]
    pub fn args(&self) -> F::Args<'_>
    where
        F: NamedTracepoint<Words = W>,
    {
        F::args(&self.phase.words)
    }
}

impl<F: Signature> Context<'_, Ret, F> {
    /// What the function returned: a word, or, if the handler names the function, a value of its type. C:
    /// `regs_return_value(regs)`.
    #[doc(alias = "regs_return_value")]
    #[inline(always)]
    pub fn return_value(&self) -> F::Return {
        F::returned(self.regs)
    }
}

impl<F> Context<'_, Ret, F> {
    /// Where the function returns to; prints as a symbol. C: `get_kretprobe_retaddr(ri)`.
    #[doc(alias = "get_kretprobe_retaddr")]
    #[inline(always)]
    pub fn return_address(&self) -> Symbol {
        // The trampoline sets it before it calls handlers, also where several return probes are at one function.
        Symbol(self.regs().ip())
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
