// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Boots a kernel in QEMU and tests the modules of rprobes in it.

mod arch;
mod bench;
mod console;
mod event_tests;
#[cfg(test)]
mod expected;
mod host_tests;
mod imports;
mod initramfs;
mod kdir_tests;
mod kernel;
mod ktap;
mod list_tests;
mod only;
mod plot;
mod programs;
mod report;
mod selftest;
mod sessions;
mod suite;
mod symbols;
mod types_tests;
mod vm;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{bail, Result};
use clap::{Parser, Subcommand};

use crate::{
    initramfs::{Extras, Initramfs},
    kernel::Kernel,
    only::Only,
    vm::{End, Limits, Vm},
};

/// Cargo takes copies of this repository for one; what differs in this is built anew.
const _: Option<&str> = option_env!("RPROBES_COPY");

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// The kernel to boot, as set-up calls it.
    #[arg(long)]
    kernel: String,
    /// Where rprobes is.
    #[arg(long, default_value = ".")]
    repo: PathBuf,
    /// A directory with modules of somebody else: to be tested, or to be copied in as well.
    #[arg(long)]
    modules: Option<PathBuf>,
    /// Run only the tests whose names contain one of these words.
    #[arg(long, default_value = "")]
    only: Only,
}

#[derive(Subcommand)]
enum Command {
    /// Show a Rust kprobe hitting.
    Demo,
    /// Run every test.
    Test,
    /// Measure what a hit costs.
    Bench,
    /// Compare what the kernel's own tests of tracing say without samples and with them.
    Selftest,
    /// Boot and give a shell.
    Shell,
    /// Boot, unless that was done before, and print where what the kernel knows of its functions is.
    Symbols,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("rprobes: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Returns whether all went well.
fn run(arguments: Arguments) -> Result<bool> {
    let kernel = Kernel::find(&kernel::cache()?, &arguments.kernel)?;
    let repo = arguments.repo.canonicalize()?;
    let others = match arguments.modules {
        Some(directory) => Some(directory.canonicalize()?).filter(|directory| *directory != repo),
        None => None,
    };
    let mut modules = vec![repo.clone()];
    match (arguments.command, others) {
        (Command::Demo, _) => demo(
            &kernel,
            &Initramfs::new(&kernel, &repo, &modules, &Extras::default())?,
        ),
        (Command::Bench, _) => bench::run(&kernel, &repo),
        (Command::Selftest, _) => selftest::run(&kernel, &repo),
        (Command::Test, None) => suite::run(&kernel, &repo, &arguments.only),
        (Command::Test, Some(others)) => {
            suite::run_others(&kernel, &repo, &others, &arguments.only)
        }
        (Command::Symbols, _) => {
            println!("{}", symbols::get(&kernel, &repo)?.display());
            Ok(true)
        }
        (Command::Shell, others) => {
            modules.extend(others);
            vm::shell(
                &kernel,
                &Initramfs::new(&kernel, &repo, &modules, &Extras::default())?,
            )
        }
    }
}

fn demo(kernel: &Kernel, initramfs: &Initramfs) -> Result<bool> {
    let limits = Limits {
        whole: Duration::from_secs(120),
        silence: Duration::from_secs(40),
    };
    let mut hits = 0;
    let outcome = Vm::new(kernel, initramfs, "demo", limits).run(|line| {
        if line.contains("pre_handler: p->addr = kernel_clone+") {
            hits += 1;
        }
        if line != vm::DONE {
            println!("{line}");
        }
    })?;
    for splat in &outcome.splats {
        eprintln!("the kernel complained:\n{}", splat.lines.join("\n"));
    }
    match outcome.end {
        End::Done if hits > 0 && outcome.splats.is_empty() => Ok(true),
        End::Done if hits == 0 => bail!("the probe did not hit"),
        End::Done => Ok(false),
        end => bail!("{end}"),
    }
}
