// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! All tests: the runner's own, those in the guest, guests that misbehave, and what make says to bad input.

use std::{
    fs,
    panic::resume_unwind,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{ensure, Result};

use crate::{
    arch::Arch,
    console::Splat,
    host_tests,
    initramfs::{tests, Extras, Initramfs},
    kernel::Kernel,
    ktap::{self, Line, Test, Verdict},
    report::Report,
    vm::{End, Limits, Outcome, Vm},
};

/// Runs rprobes' own tests. Returns whether all passed.
pub fn run(kernel: &Kernel, repo: &Path, only: &str) -> Result<bool> {
    let results = results(kernel, repo)?;
    let tests = tests(&repo.join("qemu-test/tests"), only)?;
    let extras = Extras {
        tests: &tests,
        front_ends: true,
        ..Extras::default()
    };
    let initramfs = Initramfs::new(kernel, repo, &[repo.to_owned()], &extras)?;
    let mut report = Report::default();
    unit_tests(repo, "qemu-test", "runner", only, &mut report)?;
    unit_tests(repo, "rprobes-btf", "btf", only, &mut report)?;
    // Much of either is waiting, so they run beside each other.
    let mut others = Report::default();
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            misbehaving_guests(kernel, &initramfs, only, &mut others)?;
            host_tests::run(kernel, repo, only, &mut others)
        });
        let here = guest_tests(kernel, &initramfs, &tests, &results, &mut report);
        let there = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        here.and(there)
    })?;
    report.tests.extend(others.tests);
    finish(&report, &results)
}

/// Runs the tests of somebody else's modules, those in `directory/tests`. Returns whether all passed.
pub fn run_others(kernel: &Kernel, repo: &Path, directory: &Path, only: &str) -> Result<bool> {
    let scripts = directory.join("tests");
    let tests = if scripts.is_dir() {
        tests(&scripts, only)?
    } else {
        Vec::new()
    };
    ensure!(
        !tests.is_empty(),
        "there is no test {}; {} says how to write one",
        scripts.join(format!("*{only}*.sh")).display(),
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
    only: &str,
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
            only,
        ])
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
    if !output.status.success() || (count == 0 && only.is_empty()) {
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
    let wanted: Vec<String> = tests
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let limits = Limits {
        whole: 20 * kernel.test_limit,
        silence: kernel.test_limit + Duration::from_secs(30),
    };
    let mut begun = Instant::now();
    let mut diagnostics = String::new();
    let outcome =
        Vm::new(kernel, initramfs, "tests", limits).run(|line| match ktap::parse(line) {
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
    fs::write(results.join("console.log"), &outcome.console)?;
    for splat in &outcome.splats {
        report.fail(splat.test.as_deref().unwrap_or("boot"), &complaint(splat));
    }
    for name in wanted {
        if !report.tests.iter().any(|test| test.name == name) {
            report.fail(&name, &format!("no result: {}", outcome.end));
        }
    }
    Ok(())
}

fn complaint(splat: &Splat) -> String {
    format!("the kernel complained:\n{}", splat.lines.join("\n"))
}

fn said(outcome: &Outcome, line: &str) -> bool {
    outcome.console.lines().any(|found| found.ends_with(line))
}

/// A guest that goes wrong must be reported as such, and in bounded time: `modules/misbehave.rs`.
fn misbehaving_guests(
    kernel: &Kernel,
    initramfs: &Initramfs,
    only: &str,
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
        if !name.contains(only) {
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
