// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What only a running kernel knows of its functions, for `make list`: their symbols, which of them can be traced, where
//! no probe may be, and its events. The kernel is booted once, and it is kept beside its image.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use anyhow::{bail, ensure, Context, Result};

use crate::{
    initramfs::{Extras, Initramfs},
    kernel::Kernel,
    vm::{self, End, Limits, Vm},
};

/// What the guest sends: `guest/symbols`.
const FILES: [&str; 5] = [
    "osrelease",
    "kallsyms",
    "available_filter_functions",
    "blacklist",
    "available_events",
];

/// Written last.
const OF: &str = "of";

/// Makes sure that what this kernel knows is in the cache. Returns the directory.
pub fn get(kernel: &Kernel, repo: &Path) -> Result<PathBuf> {
    let beside = kernel
        .image
        .parent()
        .context("an image is in a directory")?;
    let directory = beside.join("symbols");
    let of = of(&kernel.image, &repo.join("qemu-test/guest/symbols"))?;
    if fs::read_to_string(directory.join(OF)).is_ok_and(|known| known == of) {
        return Ok(directory);
    }
    eprintln!(
        "  boot {} once, to ask what it knows of its functions (usually 10 s) ...",
        kernel.name
    );
    let part = tempfile::tempdir_in(beside)?;
    ask(kernel, repo, part.path())?;
    fs::write(part.path().join(OF), of)?;
    // Somebody else may have been faster; theirs is as good.
    let _ = fs::remove_dir_all(&directory);
    match fs::rename(part.path(), &directory) {
        Err(_) if directory.join(OF).exists() => {}
        renamed => renamed.with_context(|| format!("cannot make {}", directory.display()))?,
    }
    Ok(directory)
}

/// Which kernel it is, and how it was asked: if the image is made anew, its size or time is another.
fn of(image: &Path, script: &Path) -> Result<String> {
    let data = fs::metadata(image).with_context(|| image.display().to_string())?;
    let time = data.modified()?.duration_since(UNIX_EPOCH)?;
    let script = fs::read_to_string(script)?;
    Ok(format!("{} {}\n{script}", data.len(), time.as_nanos()))
}

fn ask(kernel: &Kernel, repo: &Path, into: &Path) -> Result<()> {
    let slow = if kernel.checks_sleep { 5 } else { 1 };
    let limits = Limits {
        whole: Duration::from_secs(180 * slow),
        silence: Duration::from_secs(60 * slow),
    };
    let initramfs = Initramfs::new(kernel, repo, &[], &Extras::default())?;
    let mut file: Option<BufWriter<File>> = None;
    let mut written: Result<()> = Ok(());
    let outcome = Vm::new(kernel, &initramfs, "symbols", limits).run(|line| {
        if written.is_ok() {
            written = take(line, into, &mut file);
        }
    })?;
    written?;
    if let Some(mut file) = file {
        file.flush()?;
    }
    if outcome.end != End::Done {
        bail!(
            "{} was booted to list its functions: {}",
            kernel.name,
            outcome.end
        );
    }
    for name in FILES {
        let size = fs::metadata(into.join(name)).map_or(0, |data| data.len());
        ensure!(size > 0, "{} was booted, and sent no {name}", kernel.name);
    }
    Ok(())
}

/// A line of the guest.
fn take(line: &str, into: &Path, file: &mut Option<BufWriter<File>>) -> Result<()> {
    if let Some(name) = line.strip_prefix("# file ") {
        let known = FILES.iter().find(|known| **known == name);
        let known = known.with_context(|| format!("the guest sent a file {name}"))?;
        if let Some(mut last) = file.replace(BufWriter::new(File::create(into.join(known))?)) {
            last.flush()?;
        }
    } else if line != vm::DONE {
        if let Some(file) = file {
            writeln!(file, "{line}")?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_to_the_files_that_the_guest_names() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = None;
        for line in [
            "sh: something went wrong before",
            "# file kallsyms",
            "ffffffff81000000 T _text",
            "# file blacklist",
            "0x1-0x2\tdo_int3",
            vm::DONE,
        ] {
            take(line, directory.path(), &mut file).unwrap();
        }
        drop(file);
        let text = |name| fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(text("kallsyms"), "ffffffff81000000 T _text\n");
        assert_eq!(text("blacklist"), "0x1-0x2\tdo_int3\n");
        assert!(take("# file ../x", directory.path(), &mut None).is_err());
    }

    #[test]
    fn another_image_has_other_symbols() {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("vmlinuz");
        fs::write(&image, "one").unwrap();
        let first = of(&image, &image).unwrap();
        assert_eq!(first, of(&image, &image).unwrap());
        fs::write(&image, "another").unwrap();
        assert_ne!(first, of(&image, &image).unwrap());
    }
}
