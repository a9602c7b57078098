// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Why the kernel refused a probe, and what to do, in one line of the kernel log.

use kernel::{bindings, prelude::*};

use super::node::Ops;
use crate::{
    errno::{self, Errno},
    machine::arch,
    place::{Location, Section, Target},
};

pub(crate) fn explain(error: Error, target: &Target<'_>, location: &Location, ops: &Ops) {
    let is_too_late = errno::is(error, bindings::ESHUTDOWN);
    if ops.explains && !is_too_late {
        return;
    }
    let why = (ops.refusal)(error, location).unwrap_or_else(|| match error {
        _ if is_too_late => "this module is being unloaded",
        EINVAL => invalid(location),
        _ if errno::is(error, bindings::EILSEQ) => {
            "the offset is inside an instruction; take one that objdump -d shows"
        }
        _ if errno::is(error, bindings::EOPNOTSUPP) => {
            "the kernel cannot execute that instruction out of line; try the next one"
        }
        ENOENT => {
            "its module is going away, or it ran as that was loaded and is no longer there (__init)"
        }
        _ => "the kernel refused it",
    });
    log!(
        ERR,
        "no {} at {}: {} ({})\n",
        ops.name,
        target,
        why,
        Errno(error)
    );
}

/// The kernel has one error for all of these.
pub(super) fn invalid(location: &Location) -> &'static str {
    let address = location.start + location.offset;
    if !arch::is_insn_aligned(address) {
        return "the offset is inside an instruction; take one that objdump -d shows";
    }
    match Section::of(address, location.in_module) {
        Section::Data => "it is data, not code",
        Section::Init => "it ran at boot, and is no longer there (__init)",
        Section::Noinstr => "it is code that must not be instrumented (noinstr); probe what it calls",
        Section::Entry => "it is the code by which the CPU enters the kernel; probe what it calls",
        Section::Kprobes => "it is code that kprobes themselves run (__kprobes)",
        Section::Text | Section::Unknown => {
            "the kernel forbids it there: see /sys/kernel/debug/kprobes/blacklist; or a jump label, a static call or a \
             BUG() is at that instruction: try the next one"
        }
    }
}
