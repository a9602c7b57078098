// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Faults that really happen: of reads in a handler, and of the probed instruction itself.

use kernel::{
    prelude::*,
    sync::atomic::{Atomic, Relaxed},
};
use rprobes::{
    kprobe::{self, Kprobe, PreContext},
    FaultCause, FaultContext, Target,
};

rprobes::module! {
    type: Faults,
    name: "fault",
    authors: ["The rprobes authors"],
    description: "Faults in handlers and in probed instructions",
    license: "GPL",
}

extern "C" {
    fn rprobes_fault_load(address: usize) -> usize;
    static rprobes_fault_offset: u32;
}

/// Nothing is mapped at the last page of the address space.
const BAD: usize = usize::MAX - 4095;

static GOOD: usize = 0x1122_3344;
static TEXT: &CStr = c"a string of the kernel";

struct Watch {
    loads: Atomic<usize>,
}

#[vtable]
impl kprobe::Handler for Watch {
    fn pre(&self, _cx: &PreContext<'_>) {
        self.loads.fetch_add(1, Relaxed);
    }

    fn fault(&self, cx: &FaultContext<'_>) {
        pr_info!(
            "instruction: {:?}, trap {:?}, address {:#x}, of the probe at {}\n",
            cx.cause(),
            cx.trap(),
            cx.fault_address(),
            cx.address()
        );
    }
}

/// Reads in the handler, at the entry of `rprobes_fault_load`, whose argument is not used.
struct Read;

#[vtable]
impl kprobe::Handler for Read {
    fn pre(&self, cx: &PreContext<'_>) {
        let good = cx.read::<usize>(&raw const GOOD as usize);
        let bad = cx.read::<usize>(BAD).map_err(|error| error.to_errno());
        let null = cx.read::<u8>(0).map_err(|error| error.to_errno());
        pr_info!(
            "read: good {:x?}, bad {:?}, null {:?}\n",
            good.ok(),
            bad,
            null
        );

        // A user's address is not the kernel's, and the other way round. The stack of insmod is there.
        let stack = user_stack();
        let user = cx.read_user::<u8>(stack).is_ok();
        let user_as_kernel = cx.read::<u8>(stack).map_err(|error| error.to_errno());
        let kernel_as_user = cx
            .read_user::<u8>(&raw const GOOD as usize)
            .map_err(|error| error.to_errno());
        pr_info!(
            "user: {}, as kernel {:?}, kernel as user {:?}\n",
            user,
            user_as_kernel,
            kernel_as_user
        );

        let (mut long, mut short) = ([0; 64], [0; 8]);
        let at = TEXT.as_char_ptr() as usize;
        let long = cx
            .read_str(at, &mut long)
            .map(|text| text == TEXT.to_bytes());
        let short = cx
            .read_str(at, &mut short)
            .map(|text| text == &TEXT.to_bytes()[..8]);
        let bad = cx
            .read_str(BAD, &mut [0; 8])
            .map(|_| ())
            .map_err(|error| error.to_errno());
        let user = cx
            .read_user_str(16, &mut [0; 8])
            .map(|_| ())
            .map_err(|error| error.to_errno());
        pr_info!(
            "str: {:?} {:?}, bad {:?}, user {:?}\n",
            long.ok(),
            short.ok(),
            bad,
            user
        );
    }

    fn fault(&self, cx: &FaultContext<'_>) {
        if cx.cause() == FaultCause::Read && cx.trap().is_none() {
            pr_info!("fault of a read at {:#x}\n", cx.fault_address());
            // This one faults as well, and is not reported again.
            let _ = cx.read::<u8>(BAD);
        }
    }
}

/// An address on the stack of the current process.
fn user_stack() -> usize {
    // SAFETY: The current task has memory: it is insmod.
    unsafe { (*(*current!().as_ptr()).mm).__bindgen_anon_1.start_stack }
}

fn load(address: usize) -> usize {
    // SAFETY: The function bears any address.
    unsafe { rprobes_fault_load(address) }
}

struct Faults;

impl kernel::Module for Faults {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let good = &raw const GOOD as usize;
        pr_info!("without a probe: {:x} {}\n", load(good), load(BAD));

        // SAFETY: It never changes.
        let offset = unsafe { rprobes_fault_offset };
        let instruction = Target::symbol(c"rprobes_fault_load").offset(offset);
        let watch = Watch {
            loads: Atomic::new(0),
        };
        match KBox::pin_init(Kprobe::new(instruction, watch), GFP_KERNEL) {
            Ok(watch) => {
                pr_info!("with a probe: {:x} {}\n", load(good), load(BAD));
                pr_info!("loads: {}\n", watch.handler().loads.load(Relaxed));
            }
            Err(error) => pr_info!("refused: {:?}\n", error),
        }
        pr_info!("without a probe: {:x} {}\n", load(good), load(BAD));

        let read = KBox::pin_init(
            Kprobe::new(Target::symbol(c"rprobes_fault_load"), Read),
            GFP_KERNEL,
        )?;
        load(good);
        drop(read);
        Ok(Self)
    }
}
