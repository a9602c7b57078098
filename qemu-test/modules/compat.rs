// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What `rust/compat` builds otherwise for older kernels, through the interfaces of the kernel crate.

use kernel::{
    alloc::{Allocator, Vec},
    mm::virt::flags,
    prelude::*,
};

rprobes::module! {
    type: Compat,
    name: "compat",
    authors: ["The rprobes authors"],
    description: "Uses what rust/compat builds otherwise for older kernels",
    license: "GPL",
    params: {
        tell: bool { default: false, description: "Whether to say that it was loaded" },
        times: u8 { default: 1, description: "How often to say it" },
    },
}

/// Aligned to more than kmalloc() promises by itself before Linux 6.11.
#[repr(align(64))]
struct Aligned([u8; 96]);

/// Whether the numbers to `n` are still there after the vector has grown, element by element.
fn holds<A: Allocator>(n: usize) -> Result<bool> {
    let mut numbers: Vec<usize, A> = Vec::new();
    for i in 0..n {
        numbers.push(i, GFP_KERNEL)?;
    }
    Ok(numbers.iter().enumerate().all(|(i, &number)| i == number))
}

struct Compat;

impl kernel::Module for Compat {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        if params::tell.value() {
            for _ in 0..params::times.value() {
                pr_info!("told\n");
            }
        }
        pr_info!(
            "vectors: {} {} {}\n",
            holds::<kernel::alloc::allocator::Kmalloc>(2000)?,
            holds::<kernel::alloc::allocator::Vmalloc>(20000)?,
            holds::<kernel::alloc::allocator::KVmalloc>(20000)?
        );
        let mut aligned = KVec::new();
        let mut all = true;
        for i in 0..40 {
            aligned.push(Aligned([i; 96]), GFP_KERNEL)?;
            all &= aligned.as_ptr().is_aligned();
        }
        let kept = aligned.iter().zip(0..).all(|(item, i)| item.0 == [i; 96]);
        pr_info!("aligned: {} {}\n", all, kept);
        pr_info!("errors: {:?} {:?}\n", EINVAL, ENOTTY);

        // The stack of insmod.
        let task = current!();
        // SAFETY: The current task has memory.
        let stack = unsafe { (*(*task.as_ptr()).mm).__bindgen_anon_1.start_stack };
        let mm = task.mm().ok_or(EINVAL)?.mmap_read_lock();
        let area = mm.vma_lookup(stack).ok_or(EFAULT)?;
        let inside = (area.start()..area.end()).contains(&stack);
        let has = |flag| area.flags() & flag != 0;
        let (write, exec) = (has(flags::WRITE), has(flags::EXEC));
        pr_info!("stack: {} {} {}\n", inside, write, exec);
        Ok(Self)
    }
}
