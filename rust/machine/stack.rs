// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The stacks of the task that is running.
//!
//! C header: [`include/linux/stacktrace.h`](srctree/include/linux/stacktrace.h)

use kernel::{error::to_result, prelude::*};

use crate::bindings;

/// How many fit, for C.
fn count(addresses: &[usize]) -> c_uint {
    addresses.len().min(c_uint::MAX as usize) as c_uint
}

/// The return addresses on the kernel's stack, without those in this module. Any context.
pub(crate) fn stack_here(addresses: &mut [usize]) -> &[usize] {
    // SAFETY: There is room for that many.
    let found = unsafe { bindings::rprobes_stack_here(addresses.as_mut_ptr(), count(addresses)) };
    &addresses[..(found as usize).min(addresses.len())]
}

/// Where user space goes on, and the return addresses on its stack. Any context.
pub(crate) fn user_stack(addresses: &mut [usize]) -> &[usize] {
    // SAFETY: There is room for that many.
    let found = unsafe { bindings::rprobes_user_stack(addresses.as_mut_ptr(), count(addresses)) };
    &addresses[..(found as usize).min(addresses.len())]
}

/// The path of the file that a process has at an address, and the offset in it. Process context.
pub(crate) fn user_object(tgid: i32, address: usize, buffer: &mut [u8]) -> Result<(&[u8], usize)> {
    let mut offset = 0;
    // SAFETY: Process context, says the caller, and the buffer is as long as that.
    let len = unsafe {
        bindings::rprobes_user_object(
            tgid,
            address,
            buffer.as_mut_ptr(),
            buffer.len(),
            &mut offset,
        )
    };
    // Errors are small, and a length is not negative.
    to_result(len.min(0) as c_int)?;
    let path = buffer.get(..len as usize).ok_or(EFAULT)?;
    Ok((path, offset))
}
