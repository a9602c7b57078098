// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! All tests: the runner's own, those in the guest, guests that misbehave, and what make says to bad input.

use std::{
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        atomic::{AtomicUsize, Ordering},
        Mutex,
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{ensure, Result};
use tempfile::tempdir;

use crate::{
    arch::Arch,
    console::Splat,
    host_tests,
    initramfs::{self, tests, Extras, Initramfs},
    kernel::{self, Kernel},
    ktap::{self, Line, Test, Verdict},
    only::Only,
    report::Report,
    sessions,
    vm::{End, Limits, Outcome, Vm},
};

/// Runs rprobes' own tests. Returns whether all passed.
pub fn run(kernel: &Kernel, repo: &Path, only: &Only) -> Result<bool> {
    let results = results(kernel, repo)?;
    let shown = tempdir()?;
    sessions::write(&repo.join("samples/sessions.md"), shown.path())?;
    let mut tests = tests(&repo.join("qemu-test/tests"), only)?;
    tests.extend(initramfs::tests(shown.path(), only)?);
    let extras = Extras {
        tests: &tests,
        front_ends: true,
        ..Extras::default()
    };
    let initramfs = Initramfs::new(kernel, repo, &[repo.to_owned()], &extras)?;
    let mut report = Report::default();
    // A guest takes one processor, so two run beside each other: this one and what follows the tests of the host.
    let parts = tests.len().div_ceil(AT_ONCE);
    let guests = Guests {
        kernel,
        initramfs: &initramfs,
        tests: &tests,
        parts,
        next: AtomicUsize::new(0),
        consoles: Mutex::new(vec![String::new(); parts]),
    };
    let is_default = kernel::default_name(&kernel::cache()?) == Some(kernel.name.clone());
    let (mut others, mut silent) = (Report::default(), Report::default());
    thread::scope(|scope| {
        // How silence is noticed is the runner's, and takes its time: once is enough, and beside all else.
        let waiting = scope.spawn(|| {
            if is_default {
                misbehaving_guests(kernel, true, &initramfs, only, &mut silent)?;
            }
            anyhow::Ok(())
        });
        let beside = scope.spawn(|| {
            unit_tests(repo, "qemu-test", "runner", only, &mut others)?;
            unit_tests(repo, "rprobes-btf", "btf", only, &mut others)?;
            unit_tests(repo, "rprobes-ftrace", "ftrace", only, &mut others)?;
            unit_tests(repo, "rprobes-hosted", "hosted", only, &mut others)?;
            misbehaving_guests(kernel, false, &initramfs, only, &mut others)?;
            host_tests::run(kernel, is_default, repo, only, &mut others)?;
            guests.run(&mut others)
        });
        let here = guests.run(&mut report);
        let there = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        let waited = waiting.join().unwrap_or_else(|panic| resume_unwind(panic));
        here.and(there).and(waited)
    })?;
    report.tests.extend(others.tests);
    report.tests.extend(silent.tests);
    guests.finish(&results, &mut report)?;
    finish(&report, &results)
}

/// How many tests a guest does, or fewer: so many that its start is little of it, and so few that two end together.
const AT_ONCE: usize = 24;

/// Runs the tests of somebody else's modules, those in `directory/tests`. Returns whether all passed.
pub fn run_others(kernel: &Kernel, repo: &Path, directory: &Path, only: &Only) -> Result<bool> {
    let scripts = directory.join("tests");
    let tests = if scripts.is_dir() {
        tests(&scripts, only)?
    } else {
        Vec::new()
    };
    ensure!(
        !tests.is_empty(),
        "there is no test in {}{}; {} says how to write one",
        scripts.display(),
        if only.is_all() {
            ""
        } else {
            " with that in its name"
        },
        repo.join("qemu-test/README.md").display()
    );
    let results = results(kernel, directory)?;
    let extras = Extras {
        tests: &tests,
        ..Extras::default()
    };
    let initramfs = Initramfs::new(kernel, repo, &[directory.to_owned()], &extras)?;
    let mut report = Report::default();
    guest_tests(kernel, &initramfs, &tests, &results, &mut report)?;
    finish(&report, &results)
}

fn results(kernel: &Kernel, directory: &Path) -> Result<PathBuf> {
    let results = directory.join("results");
    fs::create_dir_all(&results)?;
    println!("Testing with {}, Linux {}", kernel.name, kernel.release);
    Ok(results)
}

fn finish(report: &Report, results: &Path) -> Result<bool> {
    report.write(results)?;
    let failed = report.failed();
    eprintln!(
        "Results: {0}/ktap.txt, {0}/junit.xml, {0}/console.log",
        results.display()
    );
    // scripts/run prints it, as the last line of all.
    let summary = format!("{} passed, {} failed\n", report.passed(), failed);
    fs::write(results.join("summary.txt"), summary)?;
    Ok(failed == 0)
}

/// The unit tests of a program of the host, this or another, by cargo. The names of tests begin with `prefix`.
fn unit_tests(
    repo: &Path,
    package: &str,
    prefix: &str,
    only: &Only,
    report: &mut Report,
) -> Result<()> {
    let output = Command::new("cargo")
        .args([
            "test",
            "--package",
            package,
            "--release",
            "--quiet",
            "--",
            "--format=pretty",
        ])
        .args(only.words())
        .current_dir(repo.join("qemu-test"))
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let mut count = 0;
    for line in text.lines() {
        let Some((name, result)) = line
            .strip_prefix("test ")
            .and_then(|line| line.split_once(" ... "))
        else {
            continue;
        };
        count += 1;
        report.add(Test {
            name: format!("{prefix}::{name}"),
            verdict: (result != "ok").then(|| text.clone().into_owned()).into(),
            seconds: 0.0,
        });
    }
    if !output.status.success() || (count == 0 && only.is_all()) {
        report.fail(
            prefix,
            &format!(
                "cargo test: {}\n{}",
                output.status,
                String::from_utf8_lossy(&output.stderr)
            ),
        );
    }
    Ok(())
}

/// The results of these tests, in one guest.
pub fn in_guest(
    kernel: &Kernel,
    initramfs: &Initramfs,
    tests: &[PathBuf],
    results: &Path,
) -> Result<Report> {
    let mut report = Report::quiet();
    guest_tests(kernel, initramfs, tests, results, &mut report)?;
    Ok(report)
}

/// These tests, all in one guest.
fn guest_tests(
    kernel: &Kernel,
    initramfs: &Initramfs,
    tests: &[PathBuf],
    results: &Path,
    report: &mut Report,
) -> Result<()> {
    let guests = Guests {
        kernel,
        initramfs,
        tests,
        parts: 1,
        next: AtomicUsize::new(0),
        consoles: Mutex::new(vec![String::new()]),
    };
    guests.run(report)?;
    guests.finish(results, report)
}

/// Tests that several guests share.
struct Guests<'a> {
    kernel: &'a Kernel,
    initramfs: &'a Initramfs,
    tests: &'a [PathBuf],
    parts: usize,
    /// The part that was not begun yet.
    next: AtomicUsize,
    consoles: Mutex<Vec<String>>,
}

impl Guests<'_> {
    /// One guest after the other, until there is no part left.
    fn run(&self, report: &mut Report) -> Result<()> {
        let limits = Limits {
            whole: 20 * self.kernel.test_limit,
            silence: self.kernel.test_limit + Duration::from_secs(30),
        };
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if part >= self.parts || self.tests.is_empty() {
                return Ok(());
            }
            let vm = Vm::new(self.kernel, self.initramfs, "tests", limits);
            let outcome = in_one(&vm.of_tests((part, self.parts)), report)?;
            for name in self.names().skip(part).step_by(self.parts) {
                if !report.tests.iter().any(|test| test.name == name) {
                    report.fail(&name, &format!("no result: {}", outcome.end));
                }
            }
            if let Ok(mut consoles) = self.consoles.lock() {
                consoles[part] = outcome.console;
            }
        }
    }

    /// In the order in which the guest has them.
    fn names(&self) -> impl Iterator<Item = String> {
        let name = |path: &PathBuf| Some(path.file_stem()?.to_str()?.to_owned());
        let mut names: Vec<_> = self.tests.iter().filter_map(name).collect();
        names.sort();
        names.into_iter()
    }

    /// Writes what the kernels have said, and puts the results into the order of the tests.
    fn finish(self, results: &Path, report: &mut Report) -> Result<()> {
        let names: Vec<_> = self.names().collect();
        let place = |test: &Test| names.iter().position(|name| *name == test.name);
        report.tests.sort_by_key(place);
        let consoles = self.consoles.into_inner().unwrap_or_default();
        fs::write(results.join("console.log"), consoles.concat())?;
        Ok(())
    }
}

/// What a guest reports.
fn in_one(vm: &Vm<'_>, report: &mut Report) -> Result<Outcome> {
    let mut begun = Instant::now();
    let mut diagnostics = String::new();
    let outcome = vm.run(|line| match ktap::parse(line) {
        Line::Begin(_) => {
            begun = Instant::now();
            diagnostics.clear();
        }
        Line::Diagnostic(text) => {
            diagnostics.push_str(text);
            diagnostics.push('\n');
        }
        Line::Result { passed, name, skip } => report.add(Test {
            name: name.to_owned(),
            verdict: match skip {
                _ if !passed => Verdict::Failed(diagnostics.clone()),
                Some(why) => Verdict::Skipped(why.to_owned()),
                None => Verdict::Passed,
            },
            seconds: begun.elapsed().as_secs_f64(),
        }),
        Line::Version | Line::Plan(_) | Line::Other => {}
    })?;
    for splat in &outcome.splats {
        report.fail(splat.test.as_deref().unwrap_or("boot"), &complaint(splat));
    }
    Ok(outcome)
}

fn complaint(splat: &Splat) -> String {
    format!("the kernel complained:\n{}", splat.lines.join("\n"))
}

fn said(outcome: &Outcome, line: &str) -> bool {
    outcome.console.lines().any(|found| found.ends_with(line))
}

/// A guest that goes wrong must be reported as such, and in bounded time: `modules/misbehave.rs`. Those that only fall silent,
/// or the others.
fn misbehaving_guests(
    kernel: &Kernel,
    silent: bool,
    initramfs: &Initramfs,
    only: &Only,
    report: &mut Report,
) -> Result<()> {
    type Check = fn(&Outcome) -> bool;
    let mut cases: Vec<(&str, &str, Check)> = vec![
        (
            "panic",
            "a panic, with its reason",
            |outcome| matches!(&outcome.end, End::Panicked(reason) if reason.starts_with("Kernel panic")),
        ),
        ("hang", "a hang", |outcome| {
            matches!(outcome.end, End::Silent(_))
        }),
        ("warning", "a splat that quotes the warning", |outcome| {
            outcome.end == End::Done
                && outcome
                    .splats
                    .iter()
                    .any(|splat| splat.lines[0].starts_with("WARNING: "))
        }),
        ("silence", "a guest that never answers", |outcome| {
            matches!(outcome.end, End::Silent(_))
        }),
        (
            "divide",
            "a fault that a handler was told of first",
            |outcome| {
                matches!(outcome.end, End::Panicked(_))
                    && said(outcome, "misbehave: fault: Instruction by trap Some(0)")
            },
        ),
    ];
    if kernel.checks_sleep {
        for what in ["mutex", "sleep"] {
            cases.push((what, "a handler that sleeps", |outcome| {
                outcome.splats.iter().any(|splat| {
                    splat.lines[0].contains("BUG: sleeping function called from invalid context")
                        || splat.lines[0].contains("BUG: scheduling while atomic")
                })
            }));
        }
    }
    let limits = Limits {
        whole: Duration::from_secs(120),
        silence: Duration::from_secs(20),
    };
    for (what, reported, check) in cases {
        let name = format!("guest_{what}_is_reported");
        if !only.has(&name) || matches!(what, "hang" | "silence") != silent {
            continue;
        }
        if what == "divide" && kernel.arch != Arch::Amd64 {
            report.add(Test {
                name,
                verdict: Verdict::Skipped(
                    "only x86 traps when it divides by zero, and tells what a probed instruction does".to_owned(),
                ),
                seconds: 0.0,
            });
            continue;
        }
        let begun = Instant::now();
        let outcome = Vm::new(kernel, initramfs, what, limits).run(|_| {})?;
        let found = match outcome.splats.first() {
            Some(splat) => format!("{}; {}", outcome.end, complaint(splat)),
            None => outcome.end.to_string(),
        };
        report.add(Test {
            name,
            verdict: (!check(&outcome))
                .then(|| format!("should be reported as {reported}, was: {found}"))
                .into(),
            seconds: begun.elapsed().as_secs_f64(),
        });
    }
    Ok(())
}
