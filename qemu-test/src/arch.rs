// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What differs between the architectures of guests. The host is amd64.

use std::path::{Path, PathBuf};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arch {
    Amd64,
    Arm64,
}

impl Arch {
    /// That of the kernel that is built in `build`.
    pub fn of(build: &Path) -> Self {
        if build.join("include/config/ARM64").exists() {
            Arch::Arm64
        } else {
            Arch::Amd64
        }
    }

    /// What Debian calls it.
    pub fn name(self) -> &'static str {
        match self {
            Arch::Amd64 => "amd64",
            Arch::Arm64 => "arm64",
        }
    }

    /// What the names of its binutils begin with.
    pub fn tools(self) -> &'static str {
        match self {
            Arch::Amd64 => "x86_64-linux-gnu-",
            Arch::Arm64 => "aarch64-linux-gnu-",
        }
    }

    /// Whether a line of objdump is a call, or a jump to another function.
    pub fn is_call(self, line: &str) -> bool {
        match self {
            // A return is a jump to the return thunk; the padding before functions has no meaning.
            Arch::Amd64 => {
                line.contains("\tcall")
                    || (line.contains("R_X86_64_PLT32") && !line.contains("return_thunk"))
            }
            // Which register has the offset of this CPU's data is found at boot, and C is patched then; so one of its
            // functions counts.
            Arch::Arm64 => {
                ["\tbl\t", "\tblr\t", "R_AARCH64_JUMP26"]
                    .iter()
                    .any(|call| line.contains(call))
                    && !line.contains("rprobes_percpu_add")
            }
        }
    }

    pub fn qemu(self) -> &'static str {
        match self {
            Arch::Amd64 => "qemu-system-x86_64",
            Arch::Arm64 => "qemu-system-aarch64",
        }
    }

    /// The machine, and a processor of it that the kernel boots on.
    pub fn machine(self, checks_sleep: bool) -> [&'static str; 2] {
        match self {
            // KASAN takes addresses for wild if an interrupt comes while the kernel, as it boots, patches the
            // instructions that tell how many levels its page tables have; seen once in some dozens of boots.
            Arch::Amd64 if checks_sleep => ["q35", "max,la57=off"],
            Arch::Amd64 => ["q35", "max"],
            Arch::Arm64 => ["virt", "cortex-a57"],
        }
    }

    /// The serial console.
    pub fn console(self) -> &'static str {
        match self {
            Arch::Amd64 => "ttyS0",
            Arch::Arm64 => "ttyAMA0",
        }
    }

    /// Whether KVM of this host is for it.
    pub fn is_native(self) -> bool {
        self == Arch::Amd64
    }

    /// Where the guest's programs come from: this build root, or what set-up has downloaded.
    pub fn root(self, cache: &Path) -> PathBuf {
        if self.is_native() {
            PathBuf::from("/")
        } else {
            cache.join("guest").join(self.name())
        }
    }

    /// Where set-up has downloaded what shows people what the kernel traces.
    pub fn front_ends(self, cache: &Path) -> PathBuf {
        cache.join(format!("guest/front-ends-{}", self.name()))
    }

    /// The directories of libraries, below these.
    pub fn libraries(self) -> [&'static str; 2] {
        match self {
            Arch::Amd64 => ["usr/lib/x86_64-linux-gnu", "usr/lib64"],
            Arch::Arm64 => ["usr/lib/aarch64-linux-gnu", "usr/lib"],
        }
    }
}
