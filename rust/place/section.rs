// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What kind of code, or data, is at an address, as far as that decides whether it can be probed.
//!
//! C header: [`include/asm-generic/sections.h`](srctree/include/asm-generic/sections.h)

use core::ffi::CStr;

use super::kallsyms;

/// A part of the kernel's own image.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Ordinary code.
    Text,
    /// Code that ran at boot and is no longer there.
    Init,
    /// Code that must not be instrumented.
    Noinstr,
    /// The code by which the CPU enters the kernel.
    Entry,
    /// Code that kprobes themselves run.
    Kprobes,
    /// No code.
    Data,
    /// In a module, or on a kernel that does not say.
    Unknown,
}

/// The first that fits counts.
const SECTIONS: [(Section, &CStr, &CStr); 5] = [
    (
        Section::Noinstr,
        c"__noinstr_text_start",
        c"__noinstr_text_end",
    ),
    (Section::Entry, c"__entry_text_start", c"__entry_text_end"),
    (
        Section::Kprobes,
        c"__kprobes_text_start",
        c"__kprobes_text_end",
    ),
    (Section::Text, c"_stext", c"_etext"),
    (Section::Init, c"_sinittext", c"_einittext"),
];

impl Section {
    /// The one that an address of the kernel itself is in; `module` says that it is not. Process context.
    pub(crate) fn of(address: usize, in_module: bool) -> Self {
        if in_module {
            return Self::Unknown;
        }
        let edge = |name| kallsyms::addresses(name, None).ok()?.first().copied();
        let mut seen = false;
        for (section, start, end) in SECTIONS {
            if let (Some(start), Some(end)) = (edge(start), edge(end)) {
                seen = true;
                if (start..end).contains(&address) {
                    return section;
                }
            }
        }
        if seen {
            Self::Data
        } else {
            Self::Unknown
        }
    }
}
