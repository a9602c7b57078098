// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Programs for the guest that do what no program of busybox does. They stand alone, without a C library.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{ensure, Context, Result};

use crate::{arch::Arch, initramfs::files};

/// Builds the programs of a directory, one from each C file, into another one.
pub fn build(arch: Arch, directory: &Path, into: &Path) -> Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for source in files(directory, "c")? {
        let program = into.join(source.file_stem().unwrap_or_default());
        let compiler = format!("{}gcc-14", arch.tools());
        let output = Command::new(&compiler)
            .args(["-O2", "-Wall", "-Werror", "-static", "-nostdlib"])
            .args(["-ffreestanding", "-fno-stack-protector", "-fno-pie"])
            .args(["-no-pie", "-Wl,--build-id=none", "-o"])
            .args([&program, &source])
            .output()
            .with_context(|| format!("cannot run {compiler}"))?;
        ensure!(
            output.status.success(),
            "{}: {}",
            source.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        programs.push(program);
    }
    Ok(programs)
}
