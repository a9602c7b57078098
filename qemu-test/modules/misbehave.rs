// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Goes wrong on purpose, so that the test runner can be seen to notice.

use kernel::{
    prelude::*,
    sync::{Completion, Mutex},
    time::{delay::fsleep, Delta},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    FaultContext, Target,
};

rprobes::module! {
    type: Misbehave,
    name: "misbehave",
    authors: ["The rprobes authors"],
    description: "Goes wrong on purpose",
    license: "GPL",
    params: {
        panic: bool { default: false, description: "Panic" },
        hang: bool { default: false, description: "Never give the processor back" },
        warning: bool { default: false, description: "Print a warning" },
        divide: bool { default: false, description: "Divide by zero where a probe with a fault handler is" },
        mutex: bool { default: false, description: "Take a mutex in a handler" },
        sleep: bool { default: false, description: "Sleep in a handler" },
        silence: bool { default: false, description: "Sleep for ever" },
    },
}

extern "C" {
    fn rprobes_misbehave_divide(by: u32) -> u32;
    static rprobes_misbehave_offset: u32;
}

/// Probes a division, and prints its traps.
struct Division;

#[vtable]
impl kprobe::Handler for Division {
    fn pre(&self, _cx: &PreContext<'_>) {}

    fn fault(&self, cx: &FaultContext<'_>) {
        pr_info!("fault: {:?} by trap {:?}\n", cx.cause(), cx.trap());
    }
}

/// Does in a handler what must not be done there.
#[pin_data]
struct Sleeper {
    #[pin]
    mutex: Mutex<()>,
}

#[vtable]
impl kprobe::Handler for Sleeper {
    fn pre(&self, _cx: &PreContext<'_>) {
        if params::mutex.value() {
            drop(self.mutex.lock());
        } else {
            // Long: on a slow machine a millisecond is over before it has begun to sleep.
            fsleep(Delta::from_millis(100));
        }
    }
}

struct Misbehave;

impl kernel::Module for Misbehave {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if params::panic.value() {
            panic!("as requested");
        }
        if params::hang.value() {
            let lock = KBox::pin_init(kernel::new_spinlock!(()), GFP_KERNEL)?;
            let _guard = lock.lock();
            loop {
                core::hint::spin_loop();
            }
        }
        if params::warning.value() {
            kernel::warn_on!(true);
        }
        if params::divide.value() {
            // SAFETY: It never changes.
            let offset = unsafe { rprobes_misbehave_offset };
            let target = Target::symbol(c"rprobes_misbehave_divide").offset(offset);
            let probe = KBox::pin_init(Kprobe::new(target, Division), GFP_KERNEL)?;
            // SAFETY: It divides.
            pr_info!("7 by 1 is {}\n", unsafe { rprobes_misbehave_divide(1) });
            // SAFETY: As above. The kernel dies of it, as it should.
            unsafe { rprobes_misbehave_divide(0) };
            drop(probe);
        }
        if params::mutex.value() || params::sleep.value() {
            let sleeper = pin_init!(Sleeper {
                mutex <- kernel::new_mutex!(()),
            });
            let target = Target::symbol(c"rprobes_misbehave_divide");
            let probe = KBox::pin_init(Kprobe::new(target, sleeper), GFP_KERNEL)?;
            // SAFETY: It divides.
            unsafe { rprobes_misbehave_divide(1) };
            drop(probe);
        }
        if params::silence.value() {
            KBox::pin_init(Completion::new(), GFP_KERNEL)?.wait_for_completion();
        }
        Ok(Self)
    }
}
