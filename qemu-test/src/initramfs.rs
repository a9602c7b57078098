// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The guest's file system: busybox, kmod, the programs of tests, the modules, and what the guest runs. Made anew for each boot.
//! For some of what it runs, other programs, too.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use cpio::newc::{trailer, Builder, ModeFileType};
use goblin::elf::Elf;
use tempfile::{tempdir, NamedTempFile};

use crate::{
    kernel::{cache, Kernel},
    only::Only,
    programs,
};

pub struct Initramfs {
    file: NamedTempFile,
}

/// What a guest has besides the modules, and what every guest has.
#[derive(Default)]
pub struct Extras<'a> {
    /// Tests, and the programs that they run.
    pub tests: &'a [PathBuf],
    /// Programs for BPF, and what loads them.
    pub bpf: &'a [PathBuf],
    /// Programs that show people what the kernel traces.
    pub front_ends: bool,
    /// The kernel's own tests of tracing, and the programs.
    pub selftests: bool,
}

/// What set-up calls front ends, where they are in their packages.
const FRONT_ENDS: [&str; 2] = ["usr/bin/trace-cmd", "usr/bin/perf"];

/// kmod is one program under several names.
const KMOD_NAMES: [&str; 4] = ["insmod", "rmmod", "lsmod", "modinfo"];

impl Initramfs {
    /// For this kernel, with the modules that were built in these directories.
    pub fn new(
        kernel: &Kernel,
        repo: &Path,
        directories: &[PathBuf],
        extras: &Extras<'_>,
    ) -> Result<Self> {
        let mut archive = Archive {
            inode: 0,
            file: NamedTempFile::new()?,
            libraries: Vec::new(),
        };
        for directory in [
            "bin",
            "sbin",
            "modules",
            "rprobes",
            "rprobes/tests",
            "rprobes/bpf",
            "root",
            "usr",
            "lib",
            "lib64",
            "drivers",
        ] {
            archive.directory(directory)?;
        }
        let root = kernel.arch.root(&cache()?);
        archive.copy(&root.join("usr/bin/busybox"), "bin/busybox")?;
        // busybox's insmod would try twice and so report errors twice.
        archive.add_program("usr/bin/kmod", "bin/kmod", &root, &kernel.arch.libraries())?;
        for name in KMOD_NAMES {
            archive.entry(
                &format!("sbin/{name}"),
                ModeFileType::Symlink,
                0o777,
                b"/bin/kmod",
            )?;
        }
        for (index, driver) in kernel.drivers.iter().enumerate() {
            archive.copy(driver, &format!("drivers/{index}-{}", name(driver)))?;
        }
        let guest = repo.join("qemu-test/guest");
        archive.copy(&guest.join("init"), "init")?;
        for name in [
            "run-tests",
            "prelude",
            "shows.awk",
            "demo",
            "bench",
            "selftest",
            "symbols",
            "welcome",
        ] {
            archive.copy(&guest.join(name), &format!("rprobes/{name}"))?;
        }
        if !extras.tests.is_empty() || extras.selftests {
            let built = tempdir()?;
            let sources = repo.join("qemu-test/programs");
            for program in programs::build(kernel.arch, &sources, built.path())? {
                archive.copy(&program, &format!("bin/{}", name(&program)))?;
            }
        }
        for test in extras.tests {
            archive.copy(test, &format!("rprobes/tests/{}", name(test)))?;
        }
        if !extras.bpf.is_empty() {
            archive.add_program(
                "usr/sbin/bpftool",
                "bin/bpftool",
                &root,
                &kernel.arch.libraries(),
            )?;
        }
        for program in extras.bpf {
            archive.copy(program, &format!("rprobes/bpf/{}", name(program)))?;
        }
        if extras.front_ends {
            let root = kernel.arch.front_ends(&cache()?);
            for program in FRONT_ENDS {
                let to = format!("bin/{}", name(Path::new(program)));
                archive.add_program(program, &to, &root, &kernel.arch.libraries())?;
            }
        }
        if extras.selftests {
            let samples = samples(repo)?.join("\n") + "\n";
            archive.entry(
                "rprobes/samples",
                ModeFileType::Regular,
                0o644,
                samples.as_bytes(),
            )?;
            let from = kernel.image.with_file_name("selftests");
            archive.copy_all(&from, Path::new("selftests"))?;
            // Older kernels have none. It needs a C library, which the compiler for other architectures does not bring along.
            let poll = from.join("poll.c");
            if poll.exists() && kernel.arch.is_native() {
                let built = tempdir()?;
                let poll = programs::build_with_libc(&poll, built.path())?;
                archive.copy(&poll, "selftests/poll")?;
            }
        }
        let stripped = tempdir()?;
        for directory in directories {
            for module in modules(directory)? {
                let copy = stripped.path().join(name(&module));
                programs::strip(kernel.arch, &module, &copy)?;
                archive.copy(&copy, &format!("modules/{}", name(&module)))?;
            }
        }
        trailer(archive.file.as_file_mut())?;
        Ok(Self { file: archive.file })
    }

    pub fn path(&self) -> &Path {
        self.file.path()
    }
}

struct Archive {
    inode: u32,
    file: NamedTempFile,
    /// The names of those that are in it.
    libraries: Vec<String>,
}

impl Archive {
    fn entry(&mut self, name: &str, kind: ModeFileType, mode: u32, content: &[u8]) -> Result<()> {
        self.inode += 1;
        let mut writer = Builder::new(name)
            .ino(self.inode)
            .nlink(1)
            .mode(mode)
            .set_mode_file_type(kind)
            .write(self.file.as_file_mut(), content.len().try_into()?);
        writer.write_all(content)?;
        writer.finish()?;
        Ok(())
    }

    fn directory(&mut self, name: &str) -> Result<()> {
        self.entry(name, ModeFileType::Directory, 0o755, &[])
    }

    fn copy(&mut self, from: &Path, to: &str) -> Result<()> {
        let content = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.entry(to, ModeFileType::Regular, 0o755, &content)
    }

    /// A directory, with everything in it.
    fn copy_all(&mut self, from: &Path, to: &Path) -> Result<()> {
        self.directory(&to.to_string_lossy())?;
        let entries =
            fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))?;
        for entry in entries {
            let path = entry?.path();
            let to = to.join(path.file_name().unwrap_or_default());
            if path.is_dir() {
                self.copy_all(&path, &to)?;
            } else {
                self.copy(&path, &to.to_string_lossy())?;
            }
        }
        Ok(())
    }

    /// A program, with the libraries that it is linked to.
    fn add_program(
        &mut self,
        program: &str,
        to: &str,
        root: &Path,
        libraries: &[&str],
    ) -> Result<()> {
        self.copy(&root.join(program), to)?;
        let mut wanted = vec![PathBuf::from(program)];
        while let Some(path) = wanted.pop() {
            let content = fs::read(root.join(&path))?;
            let elf = Elf::parse(&content).with_context(|| path.display().to_string())?;
            for library in elf.interpreter.iter().chain(&elf.libraries) {
                let name = name(Path::new(library));
                if self.libraries.contains(&name) {
                    continue;
                }
                let found = libraries
                    .iter()
                    .map(|directory| Path::new(directory).join(&name));
                let found = found
                    .into_iter()
                    .find(|path| root.join(path).exists())
                    .with_context(|| {
                        format!("{program} needs {name}, which is not in {}", root.display())
                    })?;
                // The interpreter has a path of its own; others are looked for in /lib.
                let to = match library.strip_prefix('/') {
                    Some(path) => path.to_owned(),
                    None => format!("lib/{name}"),
                };
                self.copy(&root.join(&found), &to)?;
                wanted.push(found);
                self.libraries.push(name);
            }
        }
        Ok(())
    }
}

/// The modules that kbuild has built in a directory, for the kernel that it was last told of.
fn modules(directory: &Path) -> Result<Vec<PathBuf>> {
    let order = directory.join("modules.order");
    let order =
        fs::read_to_string(&order).with_context(|| format!("cannot read {}", order.display()))?;
    // Older kernels write absolute paths.
    Ok(order
        .lines()
        .map(|object| directory.join(object).with_extension("ko"))
        .collect())
}

/// The names of those that are samples.
fn samples(repo: &Path) -> Result<Vec<String>> {
    let samples = modules(repo)?.into_iter();
    Ok(samples
        .filter(|module| {
            module
                .parent()
                .is_some_and(|parent| parent.ends_with("samples"))
        })
        .filter_map(|module| Some(module.file_stem()?.to_str()?.to_owned()))
        .collect())
}

/// The tests of a directory that are asked for.
pub fn tests(directory: &Path, only: &Only) -> Result<Vec<PathBuf>> {
    let mut tests = files(directory, "sh")?;
    tests.retain(|path| {
        path.file_stem()
            .is_some_and(|name| only.has(&name.to_string_lossy()))
    });
    Ok(tests)
}

/// The files of a directory that end in `.extension`, sorted.
pub fn files(directory: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries =
        fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
