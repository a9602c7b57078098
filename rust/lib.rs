// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Linux kernel probes in safe Rust.
//!
//! A module plants a probe on an instruction of the running kernel, its handler sees the registers there, and
//! everything is removed again when the module is unloaded:
//!
//! ```
//! use kernel::{prelude::*, sync::atomic::{Atomic, Relaxed}};
//! use rprobes::{kprobe::{self, Kprobe, PreContext}, Target};
//!
//! struct CountForks {
//!     forks: Atomic<u64>,
//! }
//!
//! #[vtable]
//! impl kprobe::Handler for CountForks {
//!     fn pre(&self, _cx: &PreContext<'_>) {
//!         self.forks.fetch_add(1, Relaxed);
//!     }
//! }
//!
//! fn plant() -> Result<Pin<KBox<Kprobe<CountForks>>>> {
//!     KBox::pin_init(
//!         Kprobe::new(Target::symbol(c"kernel_clone"), CountForks { forks: Atomic::new(0) }),
//!         GFP_KERNEL,
//!     )
//! }
//! ```
//!
//! Start at [`kprobe`], or, for entries and returns of functions, at [`fprobe`], or, for tracepoints, at [`tracepoint`]; [`types`] has functions, arguments and members of structs by their names in C. A module that
//! uses this crate is declared with [`module!`], which also gives it string parameters; [`tracing`] writes into the
//! kernel's trace buffer, and [`event!`] declares trace events of the module's own.
//!
//! # Contexts
//!
//! - *process context*: code may sleep. Probes are registered and dropped here.
//! - *atomic context*: code must not sleep, take a mutex, or allocate with `GFP_KERNEL`. **Every handler runs in
//!   atomic context**, on any CPU, on several at once, with preemption or interrupts off.
//!
//! That handlers do not sleep is the one thing that this crate requires and the compiler cannot check. A handler that
//! sleeps may find its probe freed when it wakes up; a kernel with `CONFIG_DEBUG_ATOMIC_SLEEP` reports it. Where this
//! crate itself would have to sleep, a handler is refused: registering a probe fails, and dropping one stops the machine.
//!
//! # For those who come from C
//!
//! | C | here |
//! |---|---|
//! | `struct kprobe`, `register_kprobe()` | [`Kprobe::new`](kprobe::Kprobe::new) |
//! | `.symbol_name`, `.offset`, `.addr` | [`Target`] |
//! | livepatch's `sympos` | [`Target::position`] |
//! | `.pre_handler`, `.post_handler` | [`kprobe::Handler`] |
//! | `.fault_handler`, until Linux 5.14 | [`kprobe::Handler::fault`] |
//! | `unregister_kprobe()` | drop it, or [`Kprobe::unregister`](kprobe::Kprobe::unregister) |
//! | `KPROBE_FLAG_DISABLED` | [`Kprobe::new_disabled`](kprobe::Kprobe::new_disabled) |
//! | `enable_kprobe()`, `disable_kprobe()` | [`Kprobe::enable`](kprobe::Kprobe::enable), [`Kprobe::disable`](kprobe::Kprobe::disable) |
//! | the same at the request of a handler: `irq_work_queue()`, `schedule_work()` | [`Context::disable_later`], [`Context::unregister_later`] |
//! | `.nmissed`, `kprobe_optimized()`, `kprobe_ftrace()`, `kprobe_gone()` | [`Kprobe::stats`](kprobe::Kprobe::stats) |
//! | `register_kprobes()`, `unregister_kprobes()` | [`ProbeSet`] |
//! | `struct kretprobe`, `register_kretprobe()` | [`Kretprobe::new`](kretprobe::Kretprobe::new) |
//! | `.maxactive` | [`kretprobe::Options`] |
//! | `.entry_handler` and what it returns, `ri->data` | [`kretprobe::Handler::entry`], [`kretprobe::Entry`], [`kretprobe::Handler::Data`] |
//! | `.handler` | [`kretprobe::Handler::ret`] |
//! | `get_kretprobe_retaddr()` | [`Context::return_address`] |
//! | `regs->di`, `regs_get_kernel_argument()`, `regs_return_value()`, `instruction_pointer()` | [`PtRegs`] |
//! | a parameter, by its name | [`kernel_types!`], [`types`] |
//! | `file->f_inode->i_ino`, `BPF_CORE_READ()` | [`read!`], [`read_str!`] |
//! | `container_of()`, `list_for_each()` | [`container_of!`], [`Context::list`] |
//! | `current_uid()`, `current->real_parent`, `current->mm->exe_file` | [`Context::task`] |
//! | `instruction_pointer_set()` and `return 1` | [`PtRegs::set_ip`] |
//! | `copy_from_kernel_nofault()`, `copy_from_user_nofault()` | [`Context::read`], [`Context::read_user`] |
//! | `strncpy_from_user_nofault()` | [`Context::read_user_str`] |
//! | `__x64_sys_kill`, `PT_REGS_PARM1_CORE_SYSCALL()` | [`Target::syscall`], [`Context::syscall`] |
//! | `argv` of `execve` | [`Context::user_pointers`] |
//! | a string that is not in memory yet | [`UserString`] |
//! | a per-CPU buffer | [`Scratch`] |
//! | `current->pid`, `current->comm`, `local_clock()` | [`Context::pid`], [`Context::comm`], [`Context::timestamp`] |
//! | `current_uid()`, `current_cap()`, `current->real_parent`, `current->nsproxy`, `current->mm->arg_start` | [`Context::task`] |
//! | `d_path()`, `file_path()`, `dentry_path_raw()` | [`Context::path`], [`Context::file_path`], [`Context::dentry_path`] |
//! | `dump_stack()`, `stack_trace_save()` | [`Context::stack`] |
//! | the same as a number, to be counted by; those of user space | [`Stacks`], [`Context::kernel_stack_id`], [`Context::user_stack_id`] |
//! | `debugfs_create_file()`, `seq_printf()` | [`report::File`] |
//! | `pr_info_ratelimited()` | [`ratelimited!`] |
//! | `this_cpu_add()` | [`Counters`] |
//! | `kfifo`, as the way out of a handler | [`Ring`] |
//! | `DEFINE_HASHTABLE()`, `BPF_MAP_TYPE_HASH`, `BPF_MAP_TYPE_LRU_HASH` | [`Map`] |
//! | `BPF_MAP_TYPE_PERCPU_HASH`; `count()`, `sum()`, `avg()`, `hist()` of bpftrace | [`PerCpuMap`], [`aggregate`] |
//! | `schedule_work()` in a handler, by way of `irq_work_queue()` | [`Deferred`] |
//! | `hrtimer_start()`, `mod_timer()`, `queue_delayed_work()` | [`Timer`] |
//! | bpftrace's `BEGIN`, `END` and `interval:ms:100` | `init` of the module, its `Drop`, and [`Timer::every`] |
//! | SystemTap's `STP_OVERLOAD_THRESHOLD` | [`Guarded`] |
//! | `if (current->pid != pid) return 0;` | [`Filter`] |
//! | a character device that a program reads events from, `relay_open()` | [`Stream`] |
//! | `register_module_notifier()`, to probe a module that is loaded later | [`WhenLoaded`] |
//! | `struct fprobe`, `struct ftrace_ops`, `register_ftrace_direct()` | [`Fprobe::new`](fprobe::Fprobe::new) |
//! | `set_ftrace_filter` | [`Functions`](fprobe::Functions) |
//! | `register_trace_sched_switch()`, `tracepoint_probe_register()` | [`Tracepoint::new`](tracepoint::Tracepoint::new) |
//! | `FTRACE_OPS_FL_IPMODIFY` | [`Hook::new`](hook::Hook::new) |
//! | `%pS` | [`Symbol`] |
//! | `sys_call_table`, as names | [`SyscallNames`] |
//! | `module_param_string()` | [`module!`] |
//! | `trace_printk()`, `tracing_off()` | [`trace_printk!`], [`tracing`] |
//! | `TRACE_EVENT()`, `trace_foo()`, `trace_foo_enabled()` | [`event!`], [`trace!`], `Foo::is_enabled()` |
//! | `trace_array_get_by_name()`, `trace_array_printk()` | [`tracing::Instance`] |
//! | `kprobe_event_gen_cmd_start()`, `echo 'p:…' >kprobe_events` | [`KprobeEvent`] |
//! | `__kprobes`, `NOKPROBE_SYMBOL()` | done for what the kernel calls; what that calls in turn can be probed, and such hits are missed |
//! | `notrace` | done for handlers; ftrace sees all other functions of a module, but those in `#[link_section = ".kprobes.text"]` |

// kbuild says so, too, but rustdoc does not hear it.
#![cfg_attr(doctest, no_std, feature(asm_goto), allow(stable_features))]
// What the kernel calls on a hit has no room for a call of ftrace's, which never calls anything there.
#![cfg_attr(any(padded, unpadded), feature(patchable_function_entry))]
// In a pattern, the name of an error that the kernel crate does not have would match all.
#![deny(unreachable_patterns)]

#[macro_use]
mod log;

mod bindings;
mod collect;
mod errno;
mod later;
mod machine;
pub mod module;
mod place;
mod probe;
pub mod report;
pub mod stream;
mod text;
mod trace;
pub mod types;

pub use collect::{
    aggregate::{self, Aggregate, Summary},
    map::{self, Map},
    ratelimit, Counter, CounterArray, Counters, Histogram, PerCpuMap, Ring, Scratch, StackId,
    Stacks, StacksStats,
};
pub use later::{
    deferred::{self, Deferred},
    Timer,
};
pub use machine::{Path, PtRegs, Syscall};
pub use place::{symbol, Symbol, SyscallName, SyscallNames, Target};
pub use probe::{
    context::{self, Context, FaultCause, FaultContext},
    fprobe::{self, Fprobe},
    guard::{self, Guarded},
    hook::{self, Hook},
    kprobe, kretprobe,
    planted::{self, Planted},
    set::{self as probe_set, ProbeSet},
    task::{self, Task},
    tracepoint::{self, Tracepoint},
    when_loaded::{self, WhenLoaded},
    Filter, Stats, UserString, UserText,
};
pub use stream::Stream;
pub use trace::{
    buffer as tracing, event,
    kprobe_event::{self, KprobeEvent},
};

/// What the types are made of that the build generates for [`kernel_types!`].
#[doc(hidden)]
pub mod __generated {
    pub use kernel::error::Result;

    pub use crate::{
        machine::{PtRegs, Syscall, Words},
        place::Target,
        types::{__private::*, *},
    };
}
