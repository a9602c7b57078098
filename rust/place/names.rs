// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Names that people write for functions that are called something else.

use kernel::{
    fmt::{self, Display},
    prelude::*,
};

use super::kallsyms;
use crate::machine::arch;

/// Functions of old tutorials, what they are called today, and the release that renamed them.
const RENAMED: &[(&[u8], &CStr, &str)] = &[
    (b"do_fork", c"kernel_clone", "5.10"),
    (b"_do_fork", c"kernel_clone", "5.10"),
    (b"do_sys_open", c"do_sys_openat2", "5.6"),
    (b"generic_make_request", c"submit_bio_noacct", "5.9"),
    (b"__alloc_pages_nodemask", c"__alloc_pages_noprof", "6.10"),
    (b"__kmalloc", c"__kmalloc_noprof", "6.10"),
    (b"kmem_cache_alloc", c"kmem_cache_alloc_noprof", "6.10"),
];

/// The current name of a function that was renamed, and since when.
pub(crate) fn renamed(name: &[u8]) -> Option<(&'static CStr, &'static str)> {
    RENAMED
        .iter()
        .find(|(old, ..)| *old == name)
        .map(|(_, new, since)| (*new, *since))
}

/// Up to three kernel functions with names near to one that does not exist.
#[derive(Default)]
pub(crate) struct Near {
    names: KVec<KVec<u8>>,
}

impl Near {
    const MOST: usize = 3;

    /// Looks them up; process context. Without memory there are just fewer hints.
    pub(crate) fn find(name: &[u8]) -> Self {
        let mut near = Self::default();
        // Without the kernel's lookups there are none.
        let _ = kallsyms::each(|other, _| {
            // System calls by their bare names, as that is what is to be probed.
            let other = match other.strip_prefix(arch::SYSCALL.as_bytes()) {
                Some(call) if name.starts_with(b"sys_") => &other[other.len() - call.len() - 4..],
                _ => other,
            };
            if is_near(name, other) {
                near.add(other);
            }
            near.names.len() < Self::MOST
        });
        near
    }

    /// Takes a name if it is near to `wanted`, and there is room. Process context.
    pub(crate) fn consider(&mut self, wanted: &[u8], name: &[u8]) {
        if self.names.len() < Self::MOST && is_near(wanted, name) {
            self.add(name);
        }
    }

    fn add(&mut self, name: &[u8]) {
        if self.names.iter().any(|n| n.as_slice() == name) {
            return;
        }
        let mut copy = KVec::new();
        if copy.extend_from_slice(name, GFP_KERNEL).is_ok() {
            let _ = self.names.push(copy, GFP_KERNEL);
        }
    }
}

impl Display for Near {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names.iter().enumerate() {
            f.write_str(match i {
                0 => "; did you mean ",
                _ => " or ",
            })?;
            f.write_str(core::str::from_utf8(name).unwrap_or("?"))?;
        }
        Ok(())
    }
}

/// What people mean by `wanted`: a compiler's clone of it, a misspelling.
fn is_near(wanted: &[u8], name: &[u8]) -> bool {
    if name.starts_with(b"__pfx_") {
        return false;
    }
    // foo.isra.0, foo.constprop.0, foo.cold
    if name
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.starts_with(b"."))
    {
        return true;
    }
    wanted.len() >= 4 && name.len().abs_diff(wanted.len()) <= 1 && one_edit_apart(wanted, name)
}

/// Whether one character put in, left out, changed, or swapped with the next turns `a` into `b`.
fn one_edit_apart(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    match (a, b) {
        ([_, rest_a @ ..], [_, rest_b @ ..]) if rest_a == rest_b => true,
        ([x, y, rest_a @ ..], [v, w, rest_b @ ..]) if (x, y) == (w, v) && rest_a == rest_b => true,
        _ => {
            a.split_first().is_some_and(|(_, rest)| rest == b)
                || b.split_first().is_some_and(|(_, rest)| rest == a)
        }
    }
}
