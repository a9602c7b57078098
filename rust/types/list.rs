// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Lists of the kernel's.
//!
//! C header: [`include/linux/list.h`](srctree/include/linux/list.h)

use super::{KernelPtr, Place, ReadError};

/// The elements of a list: [`Context::list`](crate::Context::list).
pub struct List<T> {
    head: KernelPtr<T>,
    at: KernelPtr<T>,
    left: usize,
}

impl<T: 'static> List<T> {
    pub(crate) fn new(head: KernelPtr<T>, most: usize) -> Self {
        Self {
            head,
            at: head,
            left: most,
        }
    }
}

impl<T: 'static> Iterator for List<T> {
    type Item = Result<KernelPtr<T>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        // Whatever kind of list it is, the pointer to the next comes first.
        let Ok(next) = self.at.cast::<KernelPtr<T>>().load() else {
            self.left = 0;
            return Some(Err(ReadError {
                step: "next",
                address: self.at.addr(),
            }));
        };
        if next == self.head || next.is_null() {
            self.left = 0;
            return None;
        }
        self.at = next;
        Some(Ok(next))
    }
}
