// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What modules that name types of the kernel's are built of: the kernel's own, those of another, none, those of a module.

use std::{fs, path::Path, process::Command};

use anyhow::{ensure, Context, Result};

use crate::{
    host_tests::{Host, NOTHING},
    kernel::cache,
};

const SOURCE: &str = r#"
use kernel::prelude::*;
use rprobes::{kprobe::{self, Kprobe, PreContext}, read};

rprobes::module! { type: MyProbeModule, name: "my_probe", license: "GPL" }
rprobes::kernel_types! { fn vfs_read; }

struct Show;

#[vtable]
impl kprobe::Handler<vfs_read> for Show {
    fn pre(&self, cx: &PreContext<'_, vfs_read>) {
        let _ = read!(cx, cx.args().file() => f_inode);
    }
}

#[pin_data]
struct MyProbeModule { #[pin] probe: Kprobe<Show, vfs_read> }

impl kernel::InPlaceModule for MyProbeModule {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self { probe <- Kprobe::new(vfs_read::TARGET, Show) })
    }
}
"#;

/// Writes a Kbuild file of these lines, and what every module has.
fn kbuild(host: &Host<'_>, directory: &Path, lines: &[String]) -> Result<()> {
    let text = format!(
        "{}\nrprobes-m := my_probe\ninclude {}/scripts/Makefile.rprobes\n",
        lines.join("\n"),
        host.repo.display()
    );
    Ok(fs::write(directory.join("Kbuild"), text)?)
}

/// The kernel's types, in a file of their own.
fn raw(host: &Host<'_>) -> Result<Vec<u8>> {
    let tree = cache()?.join("kernels").join(&host.kernel.name);
    let vmlinux = tree.join("build/vmlinux");
    let image = if vmlinux.exists() {
        vmlinux
    } else {
        tree.join("vmlinuz")
    };
    let tool = Command::new(host.repo.join("scripts/host-tool"))
        .arg("rprobes-btf")
        .output()?;
    let tool = String::from_utf8(tool.stdout)?;
    let file = tempfile::NamedTempFile::new()?;
    let status = Command::new(tool.trim())
        .args(["raw", "--btf"])
        .arg(&image)
        .arg("--output")
        .arg(file.path())
        .status()?;
    ensure!(status.success(), "{}: no types", image.display());
    Ok(fs::read(file.path())?)
}

/// Exchanges two names of as many letters.
fn exchange(bytes: &mut [u8], one: &str, other: &str) -> Result<()> {
    let find = |name: &str| {
        let name = [b"\0", name.as_bytes(), b"\0"].concat();
        let mut windows = bytes.windows(name.len());
        windows.position(|window| window == name).map(|at| at + 1)
    };
    let (first, second) = (
        find(one).context("no such name")?,
        find(other).context("no such name")?,
    );
    for i in 0..one.len() {
        bytes.swap(first + i, second + i);
    }
    Ok(())
}

/// Has modules look whether the running kernel is the one that they were built for: as for a kernel that nobody gave a name.
fn unnamed() -> String {
    "override CONFIG_BUILD_SALT :=".to_owned()
}

/// A module that was built for another kernel of the same release, where that can be, is refused with what differs.
pub fn types_of_another_kernel_are_refused(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    fs::write(directory.join("my_probe.rs"), SOURCE)?;
    let mut types = raw(host)?;
    exchange(&mut types, "f_inode", "f_owner")?;
    exchange(&mut types, "count", "delta")?;
    fs::write(directory.join("other.btf"), types)?;
    let other = format!(
        "override RPROBES_BTF := {}",
        directory.join("other.btf").display()
    );
    let test = directory.join("tests/my_probe.sh");
    kbuild(host, &directory, &[unnamed(), other])?;
    fs::write(
        &test,
        "refuse my_probe\n\
         expect '^my_probe: vfs_read is another function in this kernel: vfs_read\\(file: \\*struct file, buf: \\*char, count: size_t, pos: \\*loff_t\\) -> ssize_t; the module was built for vfs_read\\(file: \\*struct file, buf: \\*char, delta: '\n\
         expect '^my_probe: struct file: f_inode is at bit [0-9]* of it in this kernel, at bit [0-9]* in the one that the module was built for$'\n\
         expect '^my_probe: the module was built for another kernel than the running one'\n",
    )?;
    let (ok, text) = host.make(&directory, &["test"])?;
    ensure!(
        ok && text.contains("\n1 passed, 0 failed\n"),
        "types of another kernel: {text}"
    );
    Ok(())
}

/// Without types, a module that names some is told so; one that names none is built.
pub fn kernel_without_types(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    let source = directory.join("my_probe.rs");
    let plain = fs::read_to_string(&source)?;
    kbuild(host, &directory, &["override RPROBES_BTF :=".to_owned()])?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(ok, "a module that names no types: {text}");
    fs::write(&source, SOURCE)?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(
        !ok && text.contains("this kernel comes without its types (BTF)")
            && text.contains("CONFIG_DEBUG_INFO_BTF=y"),
        "a module that names types: {text}"
    );
    // Full paths stand on types, too.
    let paths = plain.replace(
        "fn pre(&self, _cx: &PreContext<'_>) {",
        "fn pre(&self, cx: &PreContext<'_>) {\n        let _ = cx.path(cx.regs().arg(0), &mut [0; 64]);",
    );
    ensure!(paths != plain, "the source of a new module looks different");
    fs::write(&source, paths)?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(
        !ok && text.contains("full paths need the BTF of the kernel"),
        "a module that asks for paths: {text}"
    );
    Ok(())
}

/// A function of another module that was built here; and a module that was built for the running kernel is not refused.
pub fn function_of_another_module(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let other = parent.path().join("other");
    fs::create_dir(&other)?;
    fs::write(
        other.join("my_target.c"),
        "#include <linux/module.h>\nint my_target_function(int number);\n\
         noinline int my_target_function(int number) { barrier(); return number; }\n\
         static int run(const char *value, const struct kernel_param *kp) { return my_target_function(-5) + 5; }\n\
         static const struct kernel_param_ops run_ops = { .set = run };\nmodule_param_cb(run, &run_ops, NULL, 0200);\n\
         MODULE_LICENSE(\"GPL\");\nMODULE_DESCRIPTION(\"A target\");\n",
    )?;
    let directory = parent.path().join("my_probe");
    // The first make is for the other module alone.
    fs::copy(other.join("my_target.c"), directory.join("my_target.c"))?;
    fs::write(directory.join("Kbuild"), "obj-m := my_target.o\n")?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(ok, "the other module: {text}");
    fs::copy(directory.join("my_target.ko"), other.join("my_target.ko"))?;
    let modules = format!(
        "rprobes-modules := {}",
        other.join("my_target.ko").display()
    );
    kbuild(
        host,
        &directory,
        &[unnamed(), modules, "obj-m := my_target.o".to_owned()],
    )?;
    fs::write(
        directory.join("my_probe.rs"),
        SOURCE
            .replace("fn vfs_read;", "fn my_target:my_target_function;")
            .replace("vfs_read", "my_target_function")
            .replace(
                "let _ = read!(cx, cx.args().file() => f_inode);",
                "pr_info!(\"number {}\\n\", cx.args().number());",
            )
            .replace("_function; }", "_function; fn vfs_read; }")
            + "#[allow(dead_code)]\nfn inode(cx: &PreContext<'_, vfs_read>) -> bool { read!(cx, cx.args().file() => f_inode).is_ok() }\n",
    )?;
    fs::write(
        directory.join("tests/my_probe.sh"),
        "load my_target\nload my_probe\necho 1 >/sys/module/my_target/parameters/run\nunload my_probe\nunload my_target\n\
         expect '^my_probe: number -5$'\n",
    )?;
    let (ok, text) = host.make(&directory, &["test"])?;
    ensure!(ok && text.contains("\n1 passed, 0 failed\n"), "{text}");
    let types = fs::read_to_string(directory.join("my_probe_types_generated.rs"))?;
    for expected in [r#"Function("vfs_read""#, r#"Member("file", "f_inode""#] {
        ensure!(
            types.contains(expected),
            "nothing was compared at load: {types}"
        );
    }
    Ok(())
}
