// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Programs for the guest that do what no program of busybox does. They stand alone, without a C library. And programs for BPF.

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
        let mut compiler = Command::new(format!("{}gcc-14", arch.tools()));
        compiler
            .args(["-O2", "-Wall", "-Werror", "-static", "-nostdlib"])
            .args(["-ffreestanding", "-fno-stack-protector", "-fno-pie"])
            .args(["-no-pie", "-Wl,--build-id=none", "-o"])
            .args([&program, &source]);
        run(compiler)?;
        programs.push(program);
    }
    Ok(programs)
}

/// Builds a program of somebody else's, which has a C library, for a guest of this machine's architecture.
pub fn build_with_libc(source: &Path, into: &Path) -> Result<PathBuf> {
    let program = into.join(source.file_stem().unwrap_or_default());
    let mut compiler = Command::new("gcc-14");
    compiler
        .args(["-O2", "-static", "-o"])
        .args([&program, source]);
    run(compiler)?;
    Ok(program)
}

/// Builds the programs of a directory for BPF, with the compiler that set-up installs for that.
pub fn build_bpf(directory: &Path, into: &Path) -> Result<Vec<PathBuf>> {
    let mut programs = Vec::new();
    for source in files(directory, "c")? {
        let program = into.join(source.with_extension("o").file_name().unwrap_or_default());
        let mut compiler = Command::new("clang");
        compiler
            .args(["-g", "-O2", "-Wall", "-Werror", "-target", "bpf", "-c"])
            .args(["-D__TARGET_ARCH_x86", "-I/usr/include/x86_64-linux-gnu"])
            .arg("-o")
            .args([&program, &source]);
        run(compiler)?;
        programs.push(program);
    }
    Ok(programs)
}

/// Copies a module without what debuggers alone read, which is most of it.
pub fn strip(arch: Arch, module: &Path, into: &Path) -> Result<()> {
    let mut strip = Command::new(format!("{}strip", arch.tools()));
    strip.args(["--strip-debug", "-o"]).args([into, module]);
    run(strip)
}

fn run(mut compiler: Command) -> Result<()> {
    let output = compiler
        .output()
        .with_context(|| format!("cannot run {compiler:?}"))?;
    ensure!(
        output.status.success(),
        "{compiler:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
