// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What `make KDIR=` and `make doctor KDIR=` find in all kinds of kernel trees, and on all kinds of machines.

use std::{
    fs,
    os::unix::fs::{symlink, PermissionsExt},
    path::{Path, PathBuf},
    time::SystemTime,
};

use anyhow::{bail, ensure, Context, Result};
use tempfile::TempDir;

use crate::{
    arch::Arch,
    host_tests::Host,
    initramfs::{tests, Extras, Initramfs},
    only::Only,
    suite,
};

const CONFIG: &str = ".config";
const VERSION: &str = "include/generated/uapi/linux/version.h";

impl Host<'_> {
    /// A directory that looks like a prepared tree of the kernel, with `edit` made to its configuration.
    fn tree(&self, edit: impl FnOnce(String) -> String) -> Result<TempDir> {
        let tree = tempfile::tempdir()?;
        fs::create_dir_all(tree.path().join("include/generated/uapi/linux"))?;
        let copied = [
            "include/generated/utsrelease.h",
            "include/generated/rustc_cfg",
            VERSION,
        ];
        for name in copied {
            fs::copy(self.kernel.build.join(name), tree.path().join(name))?;
        }
        let config = fs::read_to_string(self.kernel.build.join(CONFIG))?;
        fs::write(tree.path().join(CONFIG), edit(config))?;
        fs::write(tree.path().join("Makefile"), "")?;
        Ok(tree)
    }

    /// The first line of `make doctor` for a tree that has `wanted` in it.
    fn doctor(&self, tree: &Path, more: &[&str], wanted: &str) -> Result<()> {
        let (_, text) = self.make(self.repo, &[&["doctor", &kdir(tree)], more].concat())?;
        ensure!(
            text.lines().any(|line| line.contains(wanted)),
            "make doctor {more:?} should have said '{wanted}', but said:\n{text}"
        );
        Ok(())
    }
}

fn kdir(path: &Path) -> String {
    format!("KDIR={}", path.display())
}

fn without_rust(config: String) -> String {
    config.replace("CONFIG_RUST=y", "# CONFIG_RUST is not set")
}

/// The beginnings of metadata, as a compiler of that version writes them.
fn add_metadata(tree: &Path, rustc: &str) -> Result<()> {
    fs::create_dir_all(tree.join("rust"))?;
    for name in [
        "libcore.rmeta",
        "libkernel.rmeta",
        "libpin_init.rmeta",
        "libmacros.so",
    ] {
        fs::write(
            tree.join("rust").join(name),
            format!("rust\0\0\0\x09{rustc}\0"),
        )?;
    }
    Ok(())
}

/// A program that does this.
fn program(directory: &Path, name: &str, script: &str) -> Result<PathBuf> {
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{script}\n"))?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

pub fn kdir_that_does_not_exist(host: &Host<'_>) -> Result<()> {
    host.refused(
        &["KDIR=/nowhere"],
        &["/nowhere does not exist", "give the build directory"],
    )
}

pub fn kdir_that_is_no_kernel_tree(host: &Host<'_>) -> Result<()> {
    let tree = tempfile::tempdir()?;
    host.refused(
        &[&kdir(tree.path())],
        &["is not a configured kernel tree", "run 'make defconfig"],
    )
}

pub fn kdir_that_is_not_prepared(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(|config| config)?;
    fs::remove_dir_all(tree.path().join("include"))?;
    host.refused(
        &[&kdir(tree.path())],
        &["is not prepared", "run 'make modules_prepare'"],
    )
}

pub fn kdir_that_is_half_installed(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(|config| config)?;
    let makefile = "include /usr/src/linux-headers-9.9-common/Makefile\n";
    fs::write(tree.path().join("Makefile"), makefile)?;
    host.refused(
        &[&kdir(tree.path())],
        &[
            "half installed",
            "sudo apt-get install --reinstall linux-headers-9.9-common",
        ],
    )?;
    fs::write(tree.path().join("Makefile"), "")?;
    symlink(
        "/usr/lib/linux-kbuild-9.9/scripts",
        tree.path().join("scripts"),
    )?;
    host.refused(
        &[&kdir(tree.path())],
        &[
            "half installed",
            "sudo apt-get install --reinstall linux-kbuild-9.9",
        ],
    )
}

pub fn kdir_of_an_old_kernel(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(|config| config)?;
    fs::write(
        tree.path().join(VERSION),
        format!("#define LINUX_VERSION_CODE {}\n", (5 << 16) | (10 << 8)),
    )?;
    host.refused(&[&kdir(tree.path())], &["rprobes needs 6.1 or later"])
}

pub fn kdir_that_lacks_several_things(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(|config| {
        config
            .replace("CONFIG_KPROBES=y", "")
            .replace("CONFIG_MODULES=y", "")
            .replace("CONFIG_SMP=y", "")
    })?;
    host.refused(
        &[&kdir(tree.path())],
        &["has CONFIG_MODULES off", "switch it on"],
    )?;
    let (ok, text) = host.make(host.repo, &["doctor", "FORMAT=json", &kdir(tree.path())])?;
    ensure!(!ok, "make doctor should have failed: {text}");
    // make says something behind it.
    let json = text.rsplit_once("\n]\n").context("no JSON")?.0.to_owned() + "\n]";
    let found: Vec<serde_json::Value> = serde_json::from_str(&json).context(json)?;
    let on_x86 = (host.kernel.arch == Arch::Amd64).then_some("SMP");
    for option in ["MODULES", "KPROBES"].into_iter().chain(on_x86) {
        let said = found.iter().any(|item| {
            item["state"] == "missing"
                && item["text"]
                    .as_str()
                    .is_some_and(|text| text.contains(&format!("CONFIG_{option} off")))
        });
        ensure!(said, "doctor does not say that {option} is off: {found:?}");
    }
    Ok(())
}

pub fn kdir_with_two_rust_trees(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(|config| config)?;
    add_metadata(tree.path(), "rustc 1.78.0 (9b00956e5 2024-04-29)")?;
    let source = tempfile::tempdir()?;
    add_metadata(source.path(), "rustc 1.78.0 (9b00956e5 2024-04-29)")?;
    symlink(source.path(), tree.path().join("source"))?;
    host.refused(
        &[&kdir(tree.path())],
        &[
            "has Rust metadata, and so has its source",
            "run 'make mrproper' there",
        ],
    )
}

/// Metadata of another compiler is no hindrance: Rust is linked in then.
pub fn kdir_of_another_rustc(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(without_rust)?;
    add_metadata(tree.path(), "rustc 1.78.0 (9b00956e5 2024-04-29)")?;
    host.doctor(
        tree.path(),
        &[],
        "Rust linked into the modules, as its metadata is of rustc 1.78.0 (9b00956e5 2024-04-29), and rustc 1.85",
    )?;
    host.doctor(
        tree.path(),
        &["RUSTC=/nowhere/rustc"],
        "and no rustc is here",
    )
}

pub fn kdir_of_arm64_without_a_compiler(host: &Host<'_>) -> Result<()> {
    let tree =
        host.tree(|config| without_rust(config).replace("CONFIG_X86_64=y", "CONFIG_ARM64=y"))?;
    host.doctor(
        tree.path(),
        &["CROSS_COMPILE=nowhere-"],
        "with the build root's compiler, as here nowhere-gcc is missing",
    )
}

/// The build root's compilers are taken where those of the machine do not do.
pub fn tools_that_do_not_do(host: &Host<'_>) -> Result<()> {
    let tree = host.tree(without_rust)?;
    let tools = tempfile::tempdir()?;
    let old = program(
        tools.path(),
        "old",
        "echo 'rustc 1.70.0 (90c541806 2023-05-31)'",
    )?;
    // It has a version, and runs without libclang only as long as it need not parse anything.
    let blind = program(
        tools.path(),
        "blind",
        "[ \"$1\" = --version ] && echo 'bindgen 0.72.0'",
    )?;
    for (tool, wanted) in [
        (
            "RUSTC=/nowhere/rustc".to_owned(),
            "rustc is missing (sudo apt-get install rustc rust-src)",
        ),
        (
            format!("RUSTC={}", old.display()),
            "rustc 1.70.0 is older than 1.85.0",
        ),
        (
            "BINDGEN=/nowhere/bindgen".to_owned(),
            "bindgen is missing (sudo apt-get install bindgen)",
        ),
        (
            format!("BINDGEN={}", blind.display()),
            "libclang, which bindgen needs, is missing",
        ),
    ] {
        let wanted = format!("Rust linked into the modules, as this kernel is built without Rust, with the build root's compiler, as here {wanted}");
        host.doctor(tree.path(), &[&tool], &wanted)?;
    }
    Ok(())
}

pub fn new_module_builds_with_kdir(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    let (ok, text) = host.make(&directory, &[kdir(&host.kernel.build)])?;
    ensure!(
        ok && directory.join("my_probe.ko").exists(),
        "make in the new directory: {text}"
    );
    ensure!(
        text.contains("its own Rust metadata, with rustc 1.") && !text.contains("warning"),
        "the new module builds with warnings, or otherwise: {text}"
    );
    Ok(())
}

/// A headers package is all that a module is built with: it loads in the image of that kernel, and the package is as it
/// was.
pub fn headers_package_will_do(host: &Host<'_>) -> Result<()> {
    let headers = Path::new("/usr/src").join(format!("linux-headers-{}", host.kernel.release));
    if !headers.exists() {
        // A kernel that set-up has built.
        ensure!(
            !host.kernel.name.starts_with("debian-"),
            "no {}",
            headers.display()
        );
        return Ok(());
    }
    let before = state(&headers)?;
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    // A compiler that is not fit is noticed, and does no harm.
    let unfit = program(
        parent.path(),
        "rustc",
        "case $* in --version) echo 'rustc 9.9.9 (000000000 2030-01-01)' ;; *) exec rustc --print sysroot ;; esac",
    )?;
    for more in [vec![format!("RUSTC={}", unfit.display())], vec![]] {
        let _ = fs::remove_file(directory.join("my_probe.ko"));
        let (ok, text) = host.make(&directory, &[vec![kdir(&headers)], more].concat())?;
        ensure!(
            ok && directory.join("my_probe.ko").exists(),
            "make {}: {text}",
            kdir(&headers)
        );
        ensure!(
            text.contains("Rust metadata made of Debian's source package")
                || text.contains("Rust linked into the modules, as this kernel"),
            "which way was taken? {text}"
        );
    }
    ensure!(
        state(&headers)? == before,
        "{} was written to",
        headers.display()
    );

    let tests = tests(&directory.join("tests"), &Only::default())?;
    let extras = Extras {
        tests: &tests,
        ..Extras::default()
    };
    let initramfs = Initramfs::new(host.kernel, host.repo, &[directory.clone()], &extras)?;
    let results = suite::in_guest(host.kernel, &initramfs, &tests, parent.path())?;
    if results.passed() != tests.len() {
        bail!(
            "a module that was built with {}: {:?}",
            headers.display(),
            results.tests
        );
    }
    Ok(())
}

/// What is in a directory, and since when.
fn state(directory: &Path) -> Result<Vec<(PathBuf, u64, SystemTime)>> {
    let mut found = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(directory) = left.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let data = entry.metadata()?;
            if data.is_dir() {
                left.push(entry.path());
            }
            found.push((entry.path(), data.len(), data.modified()?));
        }
    }
    found.sort();
    Ok(found)
}
