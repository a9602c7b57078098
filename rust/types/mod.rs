// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! From C struct to Rust read: functions, structs and their members by the names that the kernel has for them.
//!
//! A kernel carries its own types (BTF). When a module is built, what it declares in [`kernel_types!`](crate::kernel_types!) is
//! looked up there, in those of the very kernel that it is built for, and becomes Rust:
//!
//! | C | Rust |
//! |---|---|
//! | `ssize_t vfs_read(struct file *file, char __user *buf, size_t count, loff_t *pos)` | `kernel_types! { fn vfs_read; }`; `impl kprobe::Handler<vfs_read>`; `Kprobe::new(vfs_read::TARGET, …)` |
//! | its arguments, at the entry | `cx.args().file()`, `.buf()`, `.count()`, `.pos()` |
//! | its result, at the return | `cx.return_value()`, an `isize` |
//! | `sys_kill(pid_t pid, int sig)` | `kernel_types! { syscall kill; }`; `sys_kill::TARGET`; `cx.args().sig()`, an `i32`; also of 32-bit callers |
//! | `trace_sched_switch(bool preempt, struct task_struct *prev, …)` | `kernel_types! { tracepoint sched_switch; }`; `impl tracepoint::Handler<sched_switch>`; `Tracepoint::new(sched_switch::TARGET, …)`; `cx.args().prev()` |
//! | `struct file *` | [`KernelPtr<file>`](KernelPtr) |
//! | `char __user *` | [`UserPtr<u8>`](UserPtr) |
//! | `file->f_path.dentry->d_name.len` | `read!(cx, file => f_path.dentry => d_name.len)?` |
//! | `&file->f_path` | `member!(cx, file => f_path)?` |
//! | `task->comm[0]` | `read!(cx, task => comm[0])?` |
//! | `*pos` | `read!(cx, pos)?` |
//! | the string `file->f_path.dentry->d_name.name` | `read_str!(cx, file => f_path.dentry => d_name.name, &mut buffer)?` |
//! | the string at `filename` | `cx.read_user_str(filename, &mut buffer)?`; `read_str` for one of the kernel's |
//! | `value.member`, of a struct by value | `read!(cx, &value => member)?` |
//! | `container_of(p, struct task_struct, sibling)` | `container_of!(p, task_struct.sibling)` |
//! | `list_for_each(p, &task->children)` | `cx.list(member!(cx, task => children)?, 100)` |
//! | `int`, `unsigned long`, `size_t`, `bool`, `char`, an `enum` | `i32`, `usize`, `usize`, `bool`, `u8`, an integer |
//! | `__be16`, `__be32` | `u16`, `u32`: the number itself, as `ntohs()` gives it |
//! | a bit-field, a member of an anonymous union | as any other member |
//! | a name that Rust has taken: `type`, `in` | `r#type`, `r#in` |
//!
//! Nothing is counted by hand, and what is not there does not compile: a misspelt member, an argument of another type, a
//! function whose arguments the compiler has changed. Each `=>` is one read that does not fault, so a pointer that leads
//! nowhere is an error of that step. The registers and reads are those of [`PtRegs::arg`](crate::PtRegs::arg) and
//! [`Context::read`](crate::Context::read), at the same cost.
//!
//! Structs are known as far as the source of the module names their members. One that no declared function leads to
//! is declared itself: `kernel_types! { struct task_struct; }`. It need not be in any header.
//!
//! # What is refused
//!
//! When the module is built, with the reason: a function that is not among the types, because it is misspelt (names near to it
//! are shown), inlined everywhere, or changed by the compiler (`.isra`, `.constprop`, `.specialized`); a name that several functions with
//! different prototypes have; arguments whose place is not clear (structs whose members are not aligned, floating point).
//! Such functions are probed with [`Target::symbol`](crate::Target::symbol), and their handlers see raw registers.
//!
//! A kernel without BTF (`CONFIG_DEBUG_INFO_BTF` off, or built where `pahole` was missing) has none of this; all else works.
//!
//! # Which kernel
//!
//! A module only loads into the kernel that it was built for, by its version magic. Where that cannot tell two builds apart,
//! with a kernel that no distribution built, the declared prototypes, and the members, are compared with the running kernel's
//! when the module is loaded.

mod function;
mod list;
mod members;
mod plain;
mod pointer;
mod running;
mod tracepoint;

pub use function::{Function, NotInRegisters, Raw, Signature};
pub use list::List;
pub use members::{BitField, Bits, Field, FromBits, NoMembers, Place, ReadError, Struct, Text};
pub use plain::{Be, Bool, Le, Plain, Value};
pub use pointer::{KernelAddress, KernelPtr, Pointer, UserAddress, UserPtr};
pub(crate) use running::check;
pub use tracepoint::{AnyTracepoint, NamedTracepoint, TracepointSignature};

/// Declares functions, system calls and structs of the kernel's by their names in C. Once in a module, in its root file.
///
/// ```text
/// kernel_types! {
///     fn vfs_read;                          a function: vfs_read::TARGET, Handler<vfs_read>
///     fn ext4:ext4_sync_file;               one in a module
///     fn do_sys_openat2(filename: user);    with a parameter that is a pointer to user space
///     syscall kill;                         a system call: sys_kill
///     tracepoint sched_switch;              a tracepoint: sched_switch::TARGET, tracepoint::Handler<sched_switch>
///     tracepoint sunrpc:xprt_create;        one in a module
///     struct task_struct;                   a struct, or a union
/// }
/// ```
///
/// What is declared can be used in the file; all types that were made are in the module `kernel_types`, beside it.
/// [`types`](crate::types) says what can be done with them.
///
/// Which parameters are pointers to user space the kernel's types do not say, unless clang built it. Those of system calls all
/// are; for functions that headers declare, the headers say it; for others, you do.
#[macro_export]
macro_rules! kernel_types {
    ($($declaration:tt)*) => {
        /// The kernel's types.
        #[allow(
            dead_code,
            missing_docs,
            non_camel_case_types,
            non_snake_case,
            unreachable_pub,
            unused_imports,
            clippy::all,
            clippy::undocumented_unsafe_blocks
        )]
        mod kernel_types {
            include!(env!("RPROBES_TYPES"));
        }
        #[allow(unused_imports)]
        use kernel_types::declared::*;
    };
}

/// What macros and the generated types call.
#[doc(hidden)]
pub mod __private {
    pub use super::{
        function::__private::*,
        members::__private::*,
        running::{Expectation, Expected},
        tracepoint::__private::*,
    };
}
