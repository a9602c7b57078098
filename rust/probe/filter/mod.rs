// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which hits a handler is for, as the user says, also while it runs.

mod tests;

use core::{
    cell::UnsafeCell,
    ptr::null_mut,
    sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering::*},
};

use kernel::{
    bindings::kernel_param,
    fmt::Write,
    page::PAGE_SIZE,
    prelude::*,
    str::{CStrExt, Formatter},
};

use self::tests::Tests;
use super::context::Context;
use crate::{
    bindings,
    machine::{self, process, TaskWord},
};

/// What the user chooses: hits of one process, of one user, every tenth of them. It is a parameter of a module, to be given when that is loaded, and to be
/// changed at any time by writing to `/sys/module/<name>/parameters/`; a handler asks it first of all.
///
/// ```text
/// insmod example.ko filter='comm=cat,uid=0'
/// echo pid=1234 every=10 >/sys/module/example/parameters/filter
/// echo >/sys/module/example/parameters/filter
/// ```
///
/// | | |
/// |---|---|
/// | `pid=N` | a thread, by the number that [`Context::pid`] has |
/// | `tgid=N` | a process: what user space calls its PID |
/// | `comm=NAME` | the name of the thread; of longer names the first 15 bytes, as the kernel has them |
/// | `uid=N` | the user, by its number in the initial user namespace |
/// | `cpu=N` | the CPU |
/// | `every=N` | of those that are left, the N-th, the 2N-th, and so on, of all CPUs |
///
/// Words are separated by blanks or commas, so a name cannot have any. All that are there must be true, each may be there once, and there is no negation. Without any, every hit matches.
/// A text that is none of this is refused with `EINVAL`; the kernel log says what is wrong in one line, and the filter stays as it was.
///
/// A hit during a change is judged by the filter of before or by that of after, never by a mixture; only a [`Hook`](crate::hook) that is preempted right then, for two
/// changes, may see one.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, Filter};
///
/// rprobes::module! {
///     type: Example,
///     name: "example",
///     authors: ["Somebody"],
///     description: "An example",
///     license: "GPL",
///     params: {
///         filter: filter { description: "Which forks to show: pid=, tgid=, comm=, uid=, cpu=, every=" },
///     },
/// }
///
/// struct Show;
///
/// #[vtable]
/// impl kprobe::Handler for Show {
///     fn pre(&self, cx: &PreContext<'_>) {
///         if !params::filter.matches(cx) {
///             return;
///         }
///         pr_info!("{} forks\n", cx.comm());
///     }
/// }
/// # struct Example;
/// # impl kernel::Module for Example {
/// #     fn init(_module: &'static ThisModule) -> Result<Self> {
/// #         let _: &Filter = &params::filter;
/// #         Ok(Self)
/// #     }
/// # }
/// # fn main() {}
/// ```
///
/// # Invariants
///
/// Pointers are null, or to one of `banks`. A filter is published through one of them, and while `quick` is not null, nobody looks at `slow`. What is in the other bank nobody looks at.
pub struct Filter {
    /// If a single word of the task says no to most hits.
    quick: AtomicPtr<Bank>,
    slow: AtomicPtr<Bank>,
    banks: [Bank; 2],
    /// For reading it back.
    tests: UnsafeCell<Tests>,
}

// SAFETY: All but `tests` is atomic, and that is read and written under the parameter lock of the module.
unsafe impl Sync for Filter {}

/// What handlers test. It is written before it is published.
struct Bank {
    /// The offset of a [`TaskWord`], and what that must be. Only in the one that `quick` leads to.
    offset: AtomicUsize,
    value: AtomicU32,
    /// Which of the others are looked at.
    kinds: AtomicU32,
    pid: AtomicU32,
    tgid: AtomicU32,
    comm: [AtomicU64; 2],
    uid: AtomicU32,
    cpu: AtomicU32,
    every: AtomicU32,
    /// How many hits were left for `every`.
    hits: AtomicU64,
}

const PID: u32 = 1 << 0;
const TGID: u32 = 1 << 1;
const COMM: u32 = 1 << 2;
const UID: u32 = 1 << 3;
const CPU: u32 = 1 << 4;
const EVERY: u32 = 1 << 5;

impl Bank {
    const fn new() -> Self {
        Self {
            offset: AtomicUsize::new(TaskWord::PID.offset()),
            value: AtomicU32::new(0),
            kinds: AtomicU32::new(0),
            pid: AtomicU32::new(0),
            tgid: AtomicU32::new(0),
            comm: [const { AtomicU64::new(0) }; 2],
            uid: AtomicU32::new(0),
            cpu: AtomicU32::new(0),
            every: AtomicU32::new(1),
            hits: AtomicU64::new(0),
        }
    }

    /// Fills it in; returns whether there is a quick test.
    fn write(&self, tests: &Tests) -> bool {
        let mut kinds = 0;
        let mut set = |kind, to: &AtomicU32, value: Option<u32>| {
            if let Some(value) = value {
                kinds |= kind;
                to.store(value, Relaxed);
            }
        };
        set(PID, &self.pid, tests.pid);
        set(TGID, &self.tgid, tests.tgid);
        set(UID, &self.uid, tests.uid);
        set(CPU, &self.cpu, tests.cpu);
        set(EVERY, &self.every, tests.every);
        if let Some(name) = tests.comm {
            kinds |= COMM;
            for (to, half) in self.comm.iter().zip(halves(name)) {
                to.store(half, Relaxed);
            }
        }
        self.kinds.store(kinds, Relaxed);
        self.hits.store(0, Relaxed);

        let first =
            |name: [u8; tests::COMM_LEN]| u32::from_ne_bytes([name[0], name[1], name[2], name[3]]);
        let quick = [
            (Some(TaskWord::PID), tests.pid),
            (Some(TaskWord::TGID), tests.tgid),
            (Some(TaskWord::COMM), tests.comm.map(first)),
            (TaskWord::CPU, tests.cpu),
        ];
        let mut quick = quick
            .into_iter()
            .filter_map(|(word, value)| word.zip(value));
        let Some((word, value)) = quick.next() else {
            return false;
        };
        self.offset.store(word.offset(), Relaxed);
        self.value.store(value, Relaxed);
        true
    }

    /// All tests.
    #[inline(never)]
    fn matches(&self) -> bool {
        let kinds = self.kinds.load(Relaxed);
        let fails = |kind, wanted: &AtomicU32, is: fn() -> u32| {
            kinds & kind != 0 && wanted.load(Relaxed) != is()
        };
        if fails(PID, &self.pid, || current!().pid() as u32)
            || fails(TGID, &self.tgid, || machine::tgid() as u32)
            || fails(CPU, &self.cpu, machine::cpu)
            || fails(UID, &self.uid, process::uid)
        {
            return false;
        }
        if kinds & COMM != 0 {
            let wanted = [self.comm[0].load(Relaxed), self.comm[1].load(Relaxed)];
            if wanted != halves(machine::Comm::current().0) {
                return false;
            }
        }
        // It is never 0.
        kinds & EVERY == 0
            || (self.hits.fetch_add(1, Relaxed) + 1).checked_rem(self.every.load(Relaxed).into())
                == Some(0)
    }
}

fn halves(name: [u8; tests::COMM_LEN]) -> [u64; 2] {
    let name = u128::from_ne_bytes(name);
    [name as u64, (name >> 64) as u64]
}

impl Filter {
    /// None, as the parameter begins with.
    #[doc(hidden)]
    pub const fn new((): ()) -> Self {
        Self {
            quick: AtomicPtr::new(null_mut()),
            slow: AtomicPtr::new(null_mut()),
            banks: [const { Bank::new() }; 2],
            tests: UnsafeCell::new(Tests::NONE),
        }
    }

    /// Whether the user wants to see this hit. Any context.
    ///
    /// Nothing is allocated or locked. On x86 it takes 8 instructions at most if there is no filter, and if a `pid`, `tgid`, `comm` or `cpu`
    /// says no, and some 30 otherwise.
    #[inline(always)]
    pub fn matches<Phase, F>(&self, _cx: &Context<'_, Phase, F>) -> bool {
        let quick = self.quick.load(Acquire);
        let bank = if quick.is_null() {
            let slow = self.slow.load(Acquire);
            if slow.is_null() {
                return true;
            }
            slow
        } else {
            // SAFETY: By the type invariants it is a bank of this, with an offset of such a word.
            let (word, wanted) = unsafe {
                (
                    TaskWord::read((*quick).offset.load(Relaxed)),
                    (*quick).value.load(Relaxed),
                )
            };
            if word != wanted {
                return false;
            }
            quick
        };
        // SAFETY: By the type invariants it is a bank of this.
        unsafe { (*bank).matches() }
    }

    /// Replaces the filter.
    ///
    /// # Safety
    ///
    /// Process context, with the parameter lock of the module held, or something else that lets nobody else do this.
    unsafe fn replace(&'static self, tests: Tests) {
        let (quick, slow) = (self.quick.load(Relaxed), self.slow.load(Relaxed));
        let used = if quick.is_null() { slow } else { quick };
        let free = &self.banks[usize::from(core::ptr::eq(used, &self.banks[0]))];
        let bank = core::ptr::from_ref(free).cast_mut();
        let (quick, slow) = if tests.is_empty() {
            (null_mut(), null_mut())
        } else if free.write(&tests) {
            (bank, null_mut())
        } else {
            (null_mut(), bank)
        };
        // INVARIANT: Who finds `quick` null, before or after this, finds the old one or the new one in `slow`: the old one stays
        // there until nobody looks at it any more, unless there is no filter any more.
        if quick.is_null() {
            self.slow.store(slow, Release);
        }
        self.quick.store(quick, Release);
        if !used.is_null() {
            // SAFETY: Process context, says the caller.
            unsafe { bindings::rprobes_wait_for_handlers() };
        }
        self.slow.store(slow, Release);
        // SAFETY: Nobody else uses it, says the caller.
        unsafe { *self.tests.get() = tests };
    }
}

/// What the kernel does with such a parameter.
pub(crate) static OPS: bindings::kernel_param_ops = bindings::kernel_param_ops {
    flags: 0,
    set: Some(set),
    get: Some(get),
    free: None,
};

/// # Safety
///
/// To be called by the kernel only, for a parameter that is a [`Filter`].
unsafe extern "C" fn set(text: *const c_char, param: *const kernel_param) -> c_int {
    // SAFETY: The kernel passes a string, and the parameter, whose argument is the filter.
    let (text, filter) = unsafe {
        (
            CStr::from_char_ptr(text),
            &*(*param).__bindgen_anon_1.arg.cast::<Filter>(),
        )
    };
    match Tests::parse(text.to_bytes()) {
        Ok(tests) => {
            // SAFETY: Process context; the kernel holds the lock.
            unsafe { filter.replace(tests) };
            0
        }
        Err(error) => error.to_errno(),
    }
}

/// # Safety
///
/// To be called by the kernel only, for a parameter that is a [`Filter`].
unsafe extern "C" fn get(buffer: *mut c_char, param: *const kernel_param) -> c_int {
    // SAFETY: The kernel passes the parameter, whose argument is the filter, and holds the lock; and a page.
    let (buffer, tests) = unsafe {
        let filter = &*(*param).__bindgen_anon_1.arg.cast::<Filter>();
        let buffer = core::slice::from_raw_parts_mut(buffer.cast::<u8>(), PAGE_SIZE);
        (buffer, &*filter.tests.get())
    };
    let mut formatter = Formatter::new(buffer);
    // It fits.
    let _ = formatter.write_fmt(fmt!("{}\n", tests));
    formatter.bytes_written() as c_int
}
