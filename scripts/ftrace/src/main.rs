// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Makes the functions of a module's own crate visible to ftrace, in the object that rustc has made of it.
//!
//! rustc leaves room for a call at the beginning of each function, if it is asked to (`-Zpatchable-function-entry`), and
//! lists the places. What ftrace wants to find there is not the same everywhere:
//!
//! - x86: a call of `__fentry__` behind the ENDBR, as gcc has it, and its place in the section `__mcount_loc`; or, where
//!   objtool makes that section, the call alone. The kernel looks whether the call is there, and switches tracing off if not.
//! - arm64: the room as it is, and the list.
//!
//! In the list remain the functions that ftrace is to see, and these are given names that one can type: see [`names`].

mod names;
mod object;

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Parser;

/// Cargo takes copies of this repository for one; what differs in this is built anew.
const _: Option<&str> = option_env!("RPROBES_COPY");

#[derive(Parser)]
struct Arguments {
    /// The name of the module, and of its crate.
    #[arg(long)]
    module: String,
    /// How many bytes of the room are in front of a function.
    #[arg(long, default_value_t = 0)]
    before: u64,
    /// The list of the calls is left to objtool.
    #[arg(long)]
    by_objtool: bool,
    /// The object to rewrite.
    object: PathBuf,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let file = &arguments.object;
    let of_file = || format!("cannot make the functions of {} visible", file.display());
    let data = fs::read(file).with_context(of_file)?;
    let rewritten = object::rewrite(
        &data,
        &arguments.module,
        arguments.before,
        arguments.by_objtool,
    )
    .with_context(of_file)?;
    fs::write(file, rewritten).with_context(of_file)
}
