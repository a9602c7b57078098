// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The kernels that set-up has prepared.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{bail, Context, Result};

use crate::arch::Arch;

/// A kernel that can be booted.
pub struct Kernel {
    /// What `KERNEL=` calls it.
    pub name: String,
    /// What `uname -r` will say.
    pub release: String,
    pub arch: Arch,
    /// The image.
    pub image: PathBuf,
    /// Drivers of QEMU's devices that are no part of the image.
    pub drivers: Vec<PathBuf>,
    /// The build tree that modules are made against.
    pub build: PathBuf,
    /// How long one test may take; one has 2000 probes come and go on a busy machine.
    pub test_limit: Duration,
    /// How many bytes of a function are in front of a probe at its entry: a landing pad for indirect branches.
    pub entry: usize,
    /// Whether it reports code that sleeps where it must not.
    pub checks_sleep: bool,
}

/// Where set-up keeps things, which the build root tells us.
pub fn cache() -> Result<PathBuf> {
    let cache =
        env::var_os("RPROBES_CACHE").context("RPROBES_CACHE is not set: run this through make")?;
    Ok(cache.into())
}

/// In the order in which they are loaded, as some need others.
fn drivers(directory: &Path) -> Vec<PathBuf> {
    [
        "virtio",
        "virtio_ring",
        "virtio_pci_modern_dev",
        "virtio_pci_legacy_dev",
        "virtio_pci",
        "virtio_console",
    ]
    .iter()
    .map(|name| directory.join(name).with_extension("ko"))
    .filter(|path| path.exists())
    .collect()
}

/// The one that is taken if none is asked for, once set-up has found it.
pub fn default_name(cache: &Path) -> Option<String> {
    let name = fs::read_to_string(cache.join("kernels/default")).ok()?;
    Some(name.trim().to_owned())
}

impl Kernel {
    /// The kernel called `name` in the cache.
    pub fn find(cache: &Path, name: &str) -> Result<Self> {
        let kernels = cache.join("kernels");
        let directory = kernels.join(name);
        if !directory.join(".complete").exists() {
            bail!(
                "KERNEL={name} is not set up in {}; run 'make demo KERNEL={name}'",
                cache.display()
            );
        }
        let build = directory.join("build");
        let release = build.join("include/generated/utsrelease.h");
        let release = fs::read_to_string(&release)
            .with_context(|| format!("cannot read {}", release.display()))?;
        let release = release.split('"').nth(1).context("no UTS_RELEASE")?;
        // Such a kernel checks everything else, too, and is several times slower.
        let checks_sleep = build.join("include/config/DEBUG_ATOMIC_SLEEP").exists();
        Ok(Self {
            name: name.to_owned(),
            image: directory.join("vmlinuz"),
            test_limit: Duration::from_secs(if checks_sleep { 400 } else { 100 }),
            checks_sleep,
            entry: if build.join("include/config/X86_KERNEL_IBT").exists() {
                4
            } else {
                0
            },
            release: release.to_owned(),
            arch: Arch::of(&build),
            drivers: drivers(&directory.join("drivers")),
            build,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_to_its_release() {
        let cache = tempfile::tempdir().unwrap();
        let kernel = cache.path().join("kernels/debian-7.3");
        fs::create_dir_all(kernel.join("build/include/generated")).unwrap();
        fs::write(kernel.join(".complete"), "").unwrap();
        let release = kernel.join("build/include/generated/utsrelease.h");
        fs::write(release, "#define UTS_RELEASE \"7.3.4+deb13-amd64\"\n").unwrap();

        let kernel = Kernel::find(cache.path(), "debian-7.3").unwrap();
        assert_eq!(kernel.release, "7.3.4+deb13-amd64");
        assert_eq!(kernel.name, "debian-7.3");
        assert!(kernel.image.ends_with("kernels/debian-7.3/vmlinuz"));
    }

    #[test]
    fn a_set_up_that_was_cut_off_does_not_count() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir_all(cache.path().join("kernels/debian-7.3")).unwrap();
        let error = Kernel::find(cache.path(), "debian-7.3")
            .err()
            .unwrap()
            .to_string();
        assert!(error.contains("make demo KERNEL=debian-7.3"), "{error}");
    }
}
