// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What `make` says, and leaves behind, outside the guest: mostly to bad input.

use std::{
    ffi::OsStr,
    fmt::Debug,
    fs,
    os::unix::process::CommandExt,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{bail, ensure, Context, Result};
use tempfile::TempDir;

use crate::{
    event_tests, imports, initramfs::files, kdir_tests, kernel::Kernel, ktap::Test, list_tests,
    only::Only, report::Report, types_tests,
};

pub struct Host<'a> {
    pub kernel: &'a Kernel,
    pub repo: &'a Path,
    /// Whether this is the kernel with which all is tested that is no kernel's own.
    pub is_default: bool,
}

/// With which kernels a case is run.
#[derive(PartialEq, Eq)]
enum With {
    /// It is about what is built for a kernel.
    Each,
    /// The same, and a kernel with checks calls these everywhere.
    Stock,
    /// It is about make and the scripts, and so once is enough: with the default kernel, which has all that they need.
    Default,
}
use With::{Default, Each, Stock};

/// No arguments.
pub const NOTHING: [&str; 0] = [];

type Case = fn(&Host<'_>) -> Result<()>;

/// The names of cases and their functions are the same.
macro_rules! cases {
    ($($with:ident: $($module:ident::$name:ident)*;)*) => {
        &[$($(($with, stringify!($name), $module::$name),)*)*]
    };
}

const CASES: &[(With, &str, Case)] = cases! {
    Default:
        kdir_tests::kdir_that_does_not_exist
        kdir_tests::kdir_that_is_no_kernel_tree
        kdir_tests::kdir_that_is_not_prepared
        kdir_tests::kdir_that_is_half_installed
        kdir_tests::kdir_of_an_old_kernel
        kdir_tests::kdir_that_lacks_several_things
        kdir_tests::kdir_with_two_rust_trees
        kdir_tests::kdir_of_another_rustc
        kdir_tests::kdir_of_arm64_without_a_compiler
        kdir_tests::tools_that_do_not_do
        kdir_tests::new_module_builds_with_kdir
        list_tests::functions_are_listed_with_their_prototypes
        list_tests::functions_are_listed_with_what_stands_in_the_way
        list_tests::tracepoints_are_listed
        list_tests::nothing_to_list_is_said_in_one_line
        list_tests::kdir_of_another_kernel_has_types
        self::kernel_that_is_unknown
        self::series_that_come_and_go
        self::new_module_needs_a_good_name
        self::new_module_overwrites_nothing
        self::imports_go_one_way
        self::misuse_does_not_compile
        self::documentation_is_made
        event_tests::events_of_a_new_module
        types_tests::types_of_another_kernel_are_refused
        types_tests::kernel_without_types
        types_tests::function_of_another_module
        self::broken_download_is_mended;
    Each:
        kdir_tests::headers_package_will_do
        self::new_module_is_tested
        self::module_must_use_our_macro
        self::nothing_is_rebuilt_for_nothing
        self::examples_of_the_documentation_compile;
    Stock:
        self::hit_path_calls_nothing;
};

pub fn run(
    kernel: &Kernel,
    is_default: bool,
    repo: &Path,
    only: &Only,
    report: &mut Report,
) -> Result<()> {
    let host = Host {
        kernel,
        repo,
        is_default,
    };
    for (with, name, case) in CASES.iter().filter(|(_, name, _)| only.has(name)) {
        let wanted = match with {
            Each => true,
            Stock => !kernel.checks_sleep,
            Default => is_default,
        };
        if !wanted {
            continue;
        }
        let begun = Instant::now();
        let verdict = case(&host).err().map(|error| format!("{error:#}")).into();
        report.add(Test {
            name: (*name).to_owned(),
            verdict,
            seconds: begun.elapsed().as_secs_f64(),
        });
    }
    Ok(())
}

impl Host<'_> {
    pub fn make(
        &self,
        directory: &Path,
        arguments: &[impl AsRef<OsStr>],
    ) -> Result<(bool, String)> {
        let output = Command::new("make")
            .args(arguments)
            .current_dir(directory)
            .env("KERNEL", &self.kernel.name)
            .stdin(Stdio::null())
            .output()
            .context("cannot run make")?;
        let text = [output.stdout, output.stderr].concat();
        Ok((
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        ))
    }

    /// make must fail, and say `wanted` in one line.
    pub fn refused(&self, arguments: &[impl AsRef<OsStr> + Debug], wanted: &[&str]) -> Result<()> {
        let (ok, text) = self.make(self.repo, arguments)?;
        ensure!(
            !ok,
            "make {arguments:?} should have failed, but said:\n{text}"
        );
        let found = text
            .lines()
            .filter(|line| line.starts_with("rprobes: "))
            .any(|line| wanted.iter().all(|wanted| line.contains(wanted)));
        ensure!(
            found,
            "make {arguments:?} should have said {wanted:?} in one line, but said:\n{text}"
        );
        Ok(())
    }

    /// `make new` in a directory of its own.
    pub fn new_module(&self) -> Result<TempDir> {
        let parent = tempfile::tempdir()?;
        let directory = format!("DIR={}/my_probe", parent.path().display());
        let (ok, text) = self.make(self.repo, &["new", "NAME=my_probe", &directory])?;
        ensure!(ok, "make new: {text}");
        Ok(parent)
    }
}

fn kernel_that_is_unknown(host: &Host<'_>) -> Result<()> {
    for target in ["modules", "demo", "test", "shell"] {
        host.refused(
            &[target, "KERNEL=debian-1.0"],
            &["unknown KERNEL=debian-1.0", "known: debian-7.3"],
        )?;
    }
    Ok(())
}

/// "make test" in the directory of a new module: passes as it was made, and fails by its exit status for a test that
/// fails, a test that is missing, and a kernel that complains.
fn new_module_is_tested(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    let test = |more: &[&str]| host.make(&directory, &[&["test"], more].concat());
    let (ok, text) = test(&[])?;
    ensure!(
        ok && text.contains("ok    my_probe (") && text.contains("\n1 passed, 0 failed\n"),
        "make test in the new directory: {text}"
    );
    let results = directory.join("results");
    let ktap = fs::read_to_string(results.join("ktap.txt"))?;
    ensure!(ktap.contains("\nok 1 my_probe\n"), "ktap.txt: {ktap}");
    let junit = fs::read_to_string(results.join("junit.xml"))?;
    ensure!(
        junit.contains(r#"<testcase name="my_probe""#),
        "junit.xml: {junit}"
    );
    let (ok, text) = test(&["TEST=nothing"])?;
    ensure!(
        !ok && text.contains("there is no test in ") && !text.contains("passed"),
        "without a test: {text}"
    );
    // What follows is about the runner.
    if !host.is_default {
        return Ok(());
    }
    // One that finds no hit, as nothing calls that function; and one that never ends in the kernel's log.
    let script = directory.join("tests/my_probe.sh");
    let good = fs::read_to_string(&script)?;
    fs::write(
        &script,
        good.replace("symbol=kernel_clone", "symbol=kernel_power_off"),
    )?;
    fs::write(
        directory.join("tests/another.sh"),
        "load my_probe\nunload my_probe\n",
    )?;
    let (ok, text) = test(&[])?;
    ensure!(
        !ok && text.contains("FAIL  my_probe (") && text.contains("1 passed, 1 failed\n"),
        "a probe without a hit should fail: {text}"
    );
    // A kernel that complains.
    fs::write(&script, good)?;
    let source = directory.join("my_probe.rs");
    let text = fs::read_to_string(&source)?.replace(
        "let symbol = params::symbol.get()?;",
        "kernel::warn_on!(true);\n            let symbol = params::symbol.get()?;",
    );
    fs::write(&source, text)?;
    let (ok, text) = test(&["TEST=my_probe"])?;
    ensure!(
        !ok && text.contains("the kernel complained:") && text.contains("0 passed, 1 failed\n"),
        "a kernel that complains should fail: {text}"
    );
    Ok(())
}

/// What set-up takes if the mirror has no longer, or has newly, some series of kernels.
fn series_that_come_and_go(host: &Host<'_>) -> Result<()> {
    // As "apt-cache dumpavail" printed them once.
    let packages = [
        "linux-headers-6.12.117+deb13-amd64 6.12.117-1",
        "linux-source-6.12 6.12.117-1",
        "linux-headers-7.2.11+deb13-amd64 7.2.11-1~bpo13+1",
        "linux-headers-7.2.12+deb13-amd64 7.2.12-1~bpo13+1",
        "linux-source-7.2 7.2.11-1~bpo13+1",
        "linux-source-7.2 7.2.12-1~bpo13+1",
        "linux-headers-7.3.3+deb13-amd64 7.3.3-1~bpo13+1",
        "linux-headers-7.3.4+deb13-amd64 7.3.4-1~bpo13+1",
        "linux-headers-7.3.4+deb13-rt-amd64 7.3.4-1~bpo13+1",
        "linux-headers-7.3.4+deb13-arm64 7.3.4-1~bpo13+1",
        "linux-headers-7.3.4+deb13-common 7.3.4-1~bpo13+1",
        "linux-source-7.3 7.3.4-1~bpo13+1",
    ]
    .iter()
    .filter_map(|line| line.split_once(' '))
    .fold(String::new(), |list, (name, version)| {
        list + &format!("Package: {name}\nVersion: {version}\n\n")
    });
    let ask = |edit: &str, question: &str| -> Result<String> {
        let script = ". scripts/lib.sh; kernel_packages <<<\"$0\" | sed \"$1\" | eval \"$2\"";
        let output = Command::new("bash")
            .args(["-euc", script, packages.as_str(), edit, question])
            .current_dir(host.repo)
            .output()?;
        Ok(
            String::from_utf8_lossy(&[output.stdout, output.stderr].concat())
                .trim()
                .to_owned(),
        )
    };
    let series = "resolve_rust_series || echo none";
    for (edit, expected) in [
        ("", "7.3"),
        ("/^linux-[a-z]*-7[.]3/d", "7.2"),
        // A series that nobody has tried yet, where there is none that is known.
        ("/^linux-[a-z]*-7[.]2/d; s/7[.]3/7.4/g", "7.4"),
        // But where there is, that one.
        ("s/7[.]3/7.4/g", "7.2"),
        ("/^linux-[a-z]*-7/d", "none"),
    ] {
        let found = ask(edit, series)?;
        ensure!(
            found == expected,
            "with '{edit}': {found} instead of {expected}"
        );
    }
    let kernel = "resolve_kernel 7.3 amd64 || gone debian-7.3";
    let found = ask("", kernel)?;
    ensure!(
        found == "release=7.3.4+deb13-amd64\nversion=7.3.4-1~bpo13+1\nsource=yes",
        "the newest 7.3: {found}"
    );
    let found = ask("/^linux-source-7[.]3/d", kernel)?;
    ensure!(
        found.contains("release=7.3.") && found.contains("source=no"),
        "without its source: {found}"
    );
    let gone = "cat >/tmp/packages; CACHE=/tmp; gone debian-7.3 /tmp/packages";
    let found = ask("/^linux-[a-z]*-7[.]3/d", gone)?;
    ensure!(
        found
            == "trixie-backports has no Linux 7.3 any more: take KERNEL=debian-7.2, or debian-6.12",
        "7.3 is gone: {found}"
    );
    let known = ask("", "for k in debian-7.4 debug-7.4 debian-8.0-arm64 debian-7.1 debian-6.13; do kernel_series $k || echo unknown; done")?;
    ensure!(
        known == "7.4\n7.4\n8.0\nunknown\nunknown",
        "names of kernels: {known}"
    );
    Ok(())
}

fn imports_go_one_way(host: &Host<'_>) -> Result<()> {
    let complaints = imports::check(&host.repo.join("rust"))?;
    ensure!(complaints.is_empty(), "{}", complaints.join("\n"));
    Ok(())
}

fn new_module_needs_a_good_name(host: &Host<'_>) -> Result<()> {
    let parent = tempfile::tempdir()?;
    let directory = format!("DIR={}/x", parent.path().display());
    host.refused(
        &["new", "NAME=My-Probe", &directory],
        &["NAME=My-Probe", "my_probe"],
    )?;
    host.refused(
        &["new", "NAME=my_probe"],
        &["usage: make new NAME=my_probe DIR="],
    )?;
    ensure!(
        fs::read_dir(parent.path())?.next().is_none(),
        "something was left in {directory}"
    );
    Ok(())
}

fn new_module_overwrites_nothing(host: &Host<'_>) -> Result<()> {
    let parent = tempfile::tempdir()?;
    fs::write(parent.path().join("mine"), "mine")?;
    let directory = format!("DIR={}", parent.path().display());
    host.refused(
        &["new", "NAME=my_probe", &directory],
        &["is there and not empty", "nothing was changed"],
    )?;
    ensure!(
        fs::read_dir(parent.path())?.count() == 1,
        "something was added to {directory}"
    );
    Ok(())
}

fn module_must_use_our_macro(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    let source = directory.join("my_probe.rs");
    let text = fs::read_to_string(&source)?;
    // The kernel's macro has no string parameters.
    let start = text
        .find("    params: {")
        .context("the scaffold has parameters")?;
    let end = start
        + text[start..]
            .find("    },\n")
            .context("the parameters end")?
        + "    },\n".len();
    let text = (text[..start].to_owned() + &text[end..])
        .replace("rprobes::module!", "kernel::prelude::module!")
        .replace("            let symbol = params::symbol.get()?;\n", "")
        .replace(
            "Target::parse(&symbol)?",
            "Target::symbol(c\"kernel_clone\")",
        );
    fs::write(&source, text)?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(
        !ok && text.contains("rprobes_needs_its_module_macro"),
        "should not link for want of rprobes_needs_its_module_macro: {text}"
    );
    Ok(())
}

fn nothing_is_rebuilt_for_nothing(host: &Host<'_>) -> Result<()> {
    let (ok, first) = host.make(host.repo, &NOTHING)?;
    ensure!(ok, "make: {first}");
    let (ok, second) = host.make(host.repo, &NOTHING)?;
    ensure!(
        ok && second.trim().is_empty(),
        "the second make should do and say nothing: {second}"
    );
    Ok(())
}

fn examples_of_the_documentation_compile(host: &Host<'_>) -> Result<()> {
    let output = Command::new(host.repo.join("scripts/build"))
        .arg("doctest")
        .env("KERNEL", &host.kernel.name)
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let all = text.contains("test result: ok.") && !text.contains("running 0 tests");
    ensure!(output.status.success() && all, "{text}");
    Ok(())
}

fn documentation_is_made(host: &Host<'_>) -> Result<()> {
    let (ok, text) = host.make(host.repo, &["doc"])?;
    ensure!(
        ok && host.repo.join("doc/rprobes/index.html").exists(),
        "{text}"
    );
    Ok(())
}

/// The trampoline of a handler that only counts has the handler in it, and calls nothing: no formatting, no
/// allocation, no panic.
fn hit_path_calls_nothing(host: &Host<'_>) -> Result<()> {
    let output = Command::new(format!("{}objdump", host.kernel.arch.tools()))
        .args(["-dr", "--no-show-raw-insn", "-j", ".kprobes.text"])
        .arg(host.repo.join("qemu-test/modules/bench_main.o"))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let functions = text.lines().filter(|line| line.ends_with(">:")).count();
    ensure!(functions >= 5, "only {functions} trampolines in:\n{text}");
    // The one that reads a member is a call of this, and of nothing else.
    const READ: &str = "copy_from_kernel_nofault";
    // Trampolines call the handlers, and the function; and what is done around them, some architectures have in C.
    const EXPECTED: [&str; 10] = [
        // What guards and filters do seldom, or if they were asked for more.
        "5Guard",
        "6Seldom",
        "Trampolined",
        "rprobes_call_body",
        "rprobes_leave",
        "rprobes_resched",
        "rprobes_busy_",
        "rprobes_ftrace_regs",
        "rprobes_may_follow",
        "rcu_is_watching",
    ];
    let lines: Vec<_> = text.lines().collect();
    let calls = (0..lines.len()).filter(|i| host.kernel.arch.is_call(lines[*i]));
    let (reads, calls): (Vec<_>, Vec<_>) = calls.partition(|i| {
        // Which function it is may stand in the relocation behind it.
        lines[*i..].iter().take(2).any(|line| line.contains(READ))
    });
    let is_expected = |i: &usize| {
        let of = |line: &&str| EXPECTED.iter().any(|name| line.contains(name));
        // Where a relocation follows, that is what is called.
        match lines.get(i + 1).filter(|line| line.contains("R_")) {
            Some(relocation) => of(relocation),
            None => of(&lines[*i]),
        }
    };
    let calls: Vec<_> = calls
        .into_iter()
        .filter(|i| !is_expected(i))
        .map(|i| lines[i])
        .collect();
    ensure!(
        calls.is_empty(),
        "the hit path calls {calls:#?} in:\n{text}"
    );
    let reads = reads
        .iter()
        .filter(|i| !lines[**i].contains("R_X86_64"))
        .count();
    ensure!(reads == 1, "{reads} reads of one member in:\n{text}");
    Ok(())
}

/// Each file in `compile-fail` says in comments what the compiler must say of it.
fn misuse_does_not_compile(host: &Host<'_>) -> Result<()> {
    let output = Command::new(host.repo.join("scripts/build"))
        .arg("rustc")
        .env("KERNEL", &host.kernel.name)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let directory = tempfile::tempdir()?;
    let object = directory.path().join("case.o");
    let mut count = 0;
    for path in files(&host.repo.join("qemu-test/compile-fail"), "rs")? {
        let source = fs::read_to_string(&path)?;
        let name = path.display();
        let output = Command::new(host.repo.join("rust/rustc"))
            .args(["--crate-name", "case", "--emit=obj", "-o"])
            .arg(&object)
            .arg(&path)
            .output()?;
        let text = String::from_utf8_lossy(&output.stderr);
        let expected: Vec<_> = source
            .lines()
            .filter_map(|line| line.strip_prefix("// error: "))
            .collect();
        let missing: Vec<_> = source
            .lines()
            .filter_map(|line| line.strip_prefix("// does not link: "))
            .collect();
        ensure!(expected.len() + missing.len() > 0, "{name} expects nothing");
        ensure!(
            output.status.success() == expected.is_empty(),
            "{name}: {}:\n{text}",
            output.status
        );
        for expected in expected {
            ensure!(
                text.contains(expected),
                "{name} should have said '{expected}', but said:\n{text}"
            );
        }
        for missing in missing {
            let symbols = Command::new("nm").arg(&object).output()?;
            let symbols = String::from_utf8_lossy(&symbols.stdout).into_owned();
            ensure!(
                symbols.contains(&format!(" U {missing}")),
                "{name} should want {missing}, but:\n{symbols}"
            );
        }
        count += 1;
    }
    ensure!(count > 5, "only {count} files");
    Ok(())
}

/// A download is killed half way, and another file is cut short: the next set-up mends both.
fn broken_download_is_mended(host: &Host<'_>) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let download = host.repo.join("scripts/download");
    let source = host.kernel.name.replace("debian-", "linux-source-");
    let packages = [source.as_str(), "busybox-static"];
    let start = || {
        Command::new(&download)
            .arg(directory.path())
            .args(packages)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .context("cannot start the download")
    };
    let bytes = || -> Result<u64> {
        let mut bytes = 0;
        for entry in fs::read_dir(directory.path())? {
            bytes += entry?.metadata().map_or(0, |data| data.len());
        }
        Ok(bytes)
    };
    let mut child = start()?;
    let begun = Instant::now();
    while bytes()? < 4 << 20 {
        if let Some(status) = child.try_wait()? {
            bail!("the download ended before it could be broken: {status}; is there a network?");
        }
        ensure!(
            begun.elapsed() < Duration::from_secs(60),
            "the download does not get anywhere"
        );
        thread::park_timeout(Duration::from_millis(1));
    }
    // apt-get is a child of the script, and must be killed as suddenly: the group.
    Command::new("bash")
        .arg("-c")
        .arg(format!("kill -KILL -- -{}", child.id()))
        .status()?;
    child.wait()?;
    ensure!(start()?.wait()?.success(), "the second download failed");

    let mut seen = 0;
    for entry in fs::read_dir(directory.path())? {
        let path = entry?.path();
        if !path.to_string_lossy().contains("busybox") {
            continue;
        }
        seen += 1;
        let whole = fs::read(&path)?;
        fs::write(&path, &whole[..whole.len() / 2])?;
        ensure!(start()?.wait()?.success(), "the third download failed");
        ensure!(
            fs::read(&path)? == whole,
            "{} was not mended",
            path.display()
        );
    }
    ensure!(seen == 1, "busybox was not downloaded");
    for entry in fs::read_dir(directory.path())? {
        let path = entry?.path();
        let ok = Command::new("dpkg-deb")
            .arg("--fsys-tarfile")
            .arg(&path)
            .stdout(Stdio::null())
            .status()?;
        ensure!(ok.success(), "{} is broken", path.display());
    }
    Ok(())
}
