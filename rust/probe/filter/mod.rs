// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which hits a handler is for, as the user says, also while it runs.

mod tests;

use core::{
    cell::UnsafeCell,
    ptr::null_mut,
    sync::atomic::{AtomicPtr, AtomicU64, Ordering::*},
};

use kernel::{
    bindings::kernel_param,
    fmt::Write,
    page::PAGE_SIZE,
    prelude::*,
    str::{CStrExt, Formatter},
    sync::rcu,
};

use self::tests::Tests;
use super::context::{Context, Moment};
use crate::{
    bindings,
    machine::{
        self,
        arch::{self, Seldom},
        process, TaskWord,
    },
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
/// A hit during a change is judged by the filter of before or by that of after, never by a mixture.
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
/// `quick` and `slow` are null, or lead to one of `banks`; while `quick` is not null, nobody looks at `slow`. What one of them led to is not written
/// to before all are done with it that may have seen that: with preemption off, or under RCU.
pub struct Filter {
    /// If a single word of the task says no to most hits.
    quick: AtomicPtr<Bank>,
    slow: AtomicPtr<Bank>,
    banks: [UnsafeCell<Bank>; 2],
}

// SAFETY: Who may write to a bank, and who may read it, is in the type invariants.
unsafe impl Sync for Filter {}

/// What handlers test.
struct Bank {
    /// What is looked at first, if `quick` leads here, and what it must be.
    word: TaskWord,
    value: u32,
    tests: Tests,
    /// How many hits were left for `every`.
    hits: AtomicU64,
}

impl Bank {
    const fn none() -> Self {
        Self {
            word: TaskWord::PID,
            value: 0,
            tests: Tests::NONE,
            hits: AtomicU64::new(0),
        }
    }

    /// And whether there is something to be looked at first.
    fn new(tests: Tests) -> (Self, bool) {
        let first = |name: [u8; tests::COMM_LEN]| {
            let [a, b, c, d, ..] = name;
            u32::from_ne_bytes([a, b, c, d])
        };
        let quick = [
            (Some(TaskWord::PID), tests.pid),
            (Some(TaskWord::TGID), tests.tgid),
            (Some(TaskWord::COMM), tests.comm.map(first)),
            (TaskWord::CPU, tests.cpu),
        ];
        let quick = quick.into_iter().find_map(|(word, value)| word.zip(value));
        let (word, value) = quick.unwrap_or((TaskWord::PID, 0));
        let bank = Self {
            word,
            value,
            tests,
            hits: AtomicU64::new(0),
        };
        (bank, quick.is_some())
    }

    /// All tests.
    fn matches(&self) -> bool {
        let tests = &self.tests;
        tests.pid.is_none_or(|pid| pid == TaskWord::PID.read())
            && tests.tgid.is_none_or(|tgid| tgid == TaskWord::TGID.read())
            && tests.cpu.is_none_or(|cpu| cpu == machine::cpu())
            && tests.uid.is_none_or(|uid| uid == process::uid())
            && tests
                .comm
                .is_none_or(|comm| comm == machine::Comm::current().0)
            && tests.every.is_none_or(|every| {
                let hits = self.hits.fetch_add(1, Relaxed).wrapping_add(1);
                // It is never 0.
                hits.checked_rem(every.into()) == Some(0)
            })
    }
}

impl Seldom for Bank {
    type Argument = Self;

    /// # Safety
    ///
    /// It must be a bank that nobody writes to.
    unsafe extern "C" fn call(bank: *const Self) -> bool {
        // SAFETY: The caller promises that.
        unsafe { (*bank).matches() }
    }
}

/// Tells the compiler which way to go straight on.
#[cold]
#[inline(always)]
fn seldom() {}

impl Filter {
    /// None, as the parameter begins with.
    #[doc(hidden)]
    pub const fn new((): ()) -> Self {
        Self {
            quick: AtomicPtr::new(null_mut()),
            slow: AtomicPtr::new(null_mut()),
            banks: [const { UnsafeCell::new(Bank::none()) }; 2],
        }
    }

    /// Whether the user wants to see this hit. Any context.
    ///
    /// Nothing is allocated or locked. On x86 it takes 8 instructions at most if there is no filter, and if a `pid`, `tgid`, `comm` or `cpu`
    /// says no; more otherwise.
    #[inline(always)]
    pub fn matches<Phase: Moment, F>(&self, _cx: &Context<'_, Phase, F>) -> bool {
        let _reading = Phase::PREEMPTIBLE.then(rcu::read_lock);
        let mut bank = self.quick.load(Acquire);
        // SAFETY: By the type invariants it is null, or a bank of this, which nobody writes to now.
        if let Some(bank) = unsafe { bank.as_ref() } {
            if bank.word.read() != bank.value {
                return false;
            }
            seldom();
        } else {
            bank = self.slow.load(Acquire);
            if bank.is_null() {
                return true;
            }
        }
        // SAFETY: As above.
        unsafe { arch::call_seldom::<Bank>(bank) }
    }

    /// The bank that is in use, or null.
    fn used(&self) -> *mut Bank {
        let quick = self.quick.load(Relaxed);
        if quick.is_null() {
            self.slow.load(Relaxed)
        } else {
            quick
        }
    }

    /// Replaces the filter.
    ///
    /// # Safety
    ///
    /// Process context, with the parameter lock of the module held, or something else that lets nobody else do this.
    unsafe fn replace(&'static self, tests: Tests) {
        let used = self.used();
        let [first, second] = &self.banks;
        let free = if used == first.get() { second } else { first }.get();
        let (quick, slow) = if tests.is_empty() {
            (null_mut(), null_mut())
        } else {
            let (bank, is_quick) = Bank::new(tests);
            // SAFETY: It is not in use, and when it last was, those were waited for that might have seen that.
            unsafe { *free = bank };
            if is_quick {
                (free, null_mut())
            } else {
                (null_mut(), free)
            }
        };
        // INVARIANT: Who finds `quick` to be null, before this or after it, finds in `slow` the old filter or the new one.
        if quick.is_null() {
            self.slow.store(slow, Release);
        }
        self.quick.store(quick, Release);
        if !used.is_null() {
            // SAFETY: Process context, says the caller.
            unsafe { bindings::rprobes_wait_for_handlers() };
        }
        // INVARIANT: Nobody who has found `quick` to be null before is still there.
        self.slow.store(slow, Release);
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
    // SAFETY: The kernel passes a page, and the parameter, whose argument is the filter, and holds the lock, so nobody replaces it.
    let (buffer, bank) = unsafe {
        let buffer = core::slice::from_raw_parts_mut(buffer.cast::<u8>(), PAGE_SIZE);
        let filter = &*(*param).__bindgen_anon_1.arg.cast::<Filter>();
        (buffer, filter.used().as_ref())
    };
    let tests = bank.map_or(Tests::NONE, |bank| bank.tests);
    let mut formatter = Formatter::new(buffer);
    // It fits.
    let _ = formatter.write_fmt(fmt!("{}\n", tests));
    formatter.bytes_written() as c_int
}
