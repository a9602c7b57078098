// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Tells what the kernel's own types (BTF) say of its functions and structs: as Rust, for the modules that name them, and
//! as text. Also makes C of what modules declare.

mod abi;
mod btf;
mod declared;
mod dwarf;
mod events;
mod generate;
mod headers;
mod list;
mod names;
mod symbols;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use crate::{abi::Abi, btf::Btf, declared::Declared};

/// Cargo takes copies of this repository for one; what differs in this is built anew.
const _: Option<&str> = option_env!("RPROBES_COPY");

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the Rust types that a module names in kernel_types!.
    Types {
        /// The kernel's types: vmlinux, an image, or /sys/kernel/btf/vmlinux.
        #[arg(long)]
        btf: Option<PathBuf>,
        /// The architecture, as kbuild calls it.
        #[arg(long)]
        arch: Abi,
        /// Modules (.ko) or directories with modules, for functions in modules.
        #[arg(long)]
        module: Vec<PathBuf>,
        /// The kernel's include directory, which says what pointers are the user's.
        #[arg(long)]
        include: Option<PathBuf>,
        /// The prototypes of the system calls, as bindgen writes them.
        #[arg(long)]
        syscalls: Option<PathBuf>,
        /// The root file of the module's crate.
        source: PathBuf,
        /// Have the module compare them with the running kernel's when it is loaded.
        #[arg(long)]
        check: bool,
        /// Where to write.
        #[arg(long)]
        output: PathBuf,
        /// Where to list the files that were read, for make.
        #[arg(long)]
        depfile: Option<PathBuf>,
    },
    /// Write the C of the events that a module declares in event!.
    Events {
        /// What the module is called.
        #[arg(long)]
        module: String,
        /// The root file of the module's crate.
        source: PathBuf,
        /// Where to write, as NAME.c and a NAME.h beside it; nothing is written without it.
        #[arg(long)]
        output: Option<PathBuf>,
        /// Where to list the files that were read, for make.
        #[arg(long)]
        depfile: Option<PathBuf>,
    },
    /// Write the kernel's types as they are, for pahole.
    Raw {
        #[arg(long)]
        btf: PathBuf,
        #[arg(long)]
        output: PathBuf,
    },
    /// Print the offsets of members, such as mount.mnt_parent, and what enumerators stand for, as C macros; nothing
    /// without a kernel's types.
    Offsets {
        #[arg(long)]
        btf: Option<PathBuf>,
        members: Vec<String>,
    },
    /// Print what can be probed.
    List(list::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Types {
            btf,
            arch,
            module,
            include,
            syscalls,
            check,
            source,
            output,
            depfile,
        } => {
            let declared = declared::read(&source)?;
            let sources = generate::Sources {
                btf: btf.as_deref(),
                modules: &module,
                include: include.as_deref(),
                syscalls: syscalls.as_deref(),
                check,
            };
            let text = generate::generate(&declared, &sources, arch)?;
            write_depfile(depfile.as_deref(), &output, &declared)?;
            write(&output, &text)
        }
        Command::Events {
            module,
            source,
            output,
            depfile,
        } => {
            let declared = declared::read(&source)?;
            let events = events::check(&declared.events)?;
            let Some(output) = output else { return Ok(()) };
            let header = output.with_extension("h");
            write_depfile(depfile.as_deref(), &output, &declared)?;
            write(&header, &events::header(&events, &module, &header))?;
            write(&output, &events::source(&events, &header))
        }
        Command::Raw { btf, output } => fs::write(&output, btf::read(&btf)?)
            .with_context(|| format!("cannot write {}", output.display())),
        Command::Offsets { btf, members } => {
            let Some(btf) = btf else { return Ok(()) };
            let btf = Btf::load(&btf)?;
            for member in members {
                let Some((of, name)) = member.split_once('.') else {
                    anyhow::bail!("{member}: write struct.member");
                };
                if let Some(bits) = btf.offset(of, name)? {
                    println!("#define RPROBES_BTF_{of}_{name} {}", bits / 8);
                } else if let Some(value) = btf.value(of, name)? {
                    println!("#define RPROBES_BTF_{of}_{name} {value}");
                }
            }
            Ok(())
        }
        Command::List(arguments) => list::run(&arguments),
    }
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Says for make which files `output` was made of.
fn write_depfile(depfile: Option<&Path>, output: &Path, declared: &Declared) -> Result<()> {
    let Some(depfile) = depfile else {
        return Ok(());
    };
    let files: Vec<_> = declared
        .files
        .iter()
        .map(|f| f.display().to_string())
        .collect();
    write(
        depfile,
        &format!("{}: {}\n", output.display(), files.join(" ")),
    )
}
