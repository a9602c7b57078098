// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! `make selftest`: the kernel's own tests of tracing say the same with all samples loaded and probing as without.

use std::{fmt::Write, fs, panic::resume_unwind, path::Path, sync::LazyLock, thread};

use anyhow::Result;
use regex::Regex;

use crate::{
    initramfs::{Extras, Initramfs},
    kernel::Kernel,
    vm::{End, Limits, Outcome, Vm},
};

/// What a guest says, line by line: `guest/selftest`, and the kernel's `ftracetest`.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// The samples that were loaded.
    Loaded(&'a str),
    /// Why a sample was not.
    Refused(&'a str),
    /// Something that is no result of a test, and an error.
    Wrong(&'a str),
    Result {
        name: &'a str,
        result: &'a str,
    },
    /// Said by a test that did not pass, after its result.
    Other,
}

fn parse(line: &str) -> Line<'_> {
    let note = line.strip_prefix("# ");
    match note.and_then(|note| note.split_once(' ')) {
        Some(("loaded", rest)) => return Line::Loaded(rest.trim()),
        Some(("refused", rest)) => return Line::Refused(rest),
        Some(("wrong", rest)) => return Line::Wrong(rest),
        _ => {}
    }
    let result = || {
        let (number, rest) = line.strip_prefix('[')?.split_once(']')?;
        let (name, result) = rest.strip_suffix(']')?.rsplit_once("\t[")?;
        number.parse::<u32>().ok()?;
        let name = name.trim();
        Some(Line::Result { name, result })
    };
    result().unwrap_or(Line::Other)
}

/// Tests that presume that nobody else traces functions: their results beside samples that do, and what they have found then.
static ALONE: LazyLock<[(&str, &str, Regex); 2]> = LazyLock::new(|| {
    let found = |text| Regex::new(text).expect("a fixed expression");
    [
        (
            "Generic dynamic event - add/remove fprobe events",
            "FAIL",
            // One function more is to be traced, but that was so before.
            found(r"^\+ '\[' (\d+) -eq \d+ \]$"),
        ),
        (
            "Generic dynamic event - add/remove multiple fprobe events on the same function",
            "UNRESOLVED",
            found(r"^\+ test \d+ -eq 0$"),
        ),
    ]
});

/// How many of the last lines that a test said are looked at, and quoted.
const QUOTED_LINES: usize = 20;

struct Test {
    name: String,
    result: String,
    said: Vec<String>,
}

/// All tests once, in one guest.
#[derive(Default)]
struct Run {
    /// In the order in which they are run, which is always the same.
    tests: Vec<Test>,
    loaded: String,
    refused: Vec<String>,
    wrong: Vec<String>,
    log: String,
}

impl Run {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.log, "{line}");
        match parse(line) {
            Line::Loaded(samples) => self.loaded = samples.to_owned(),
            Line::Refused(why) => self.refused.push(why.to_owned()),
            Line::Wrong(what) => self.wrong.push(what.to_owned()),
            Line::Result { name, result } => self.tests.push(Test {
                name: name.to_owned(),
                result: result.to_owned(),
                said: Vec::new(),
            }),
            Line::Other => {
                if let Some(test) = self.tests.last_mut() {
                    test.said.push(line.to_owned());
                }
            }
        }
    }

    /// The name of a test, its result, and the last that it said.
    fn test(&self, number: usize) -> (&str, &str, String) {
        match self.tests.get(number) {
            Some(test) => {
                let end = test.said.len().saturating_sub(QUOTED_LINES);
                (&test.name, &test.result, test.said[end..].join("\n"))
            }
            None => ("", "-", String::new()),
        }
    }

    fn count(&self, results: &[&str]) -> usize {
        let tests = self.tests.iter();
        tests
            .filter(|test| results.contains(&&*test.result))
            .count()
    }
}

/// The results side by side, and what is wrong, a text each.
fn compare(without: &Run, with: &Run) -> (String, Vec<String>) {
    let mut table = format!("{:<76} {:<12} {:<12}\n", "test", "without", "with");
    let mut faults: Vec<_> = without.wrong.iter().chain(&with.wrong).cloned().collect();
    let count = without.tests.len().max(with.tests.len());
    let mut differ = 0;
    for number in 0..count {
        let (known, result, said) = without.test(number);
        let (name, other, other_said) = with.test(number);
        let name = if known.is_empty() { name } else { known };
        let mut mark = "";
        let presumes = |(test, found, step): &(&str, &str, Regex)| {
            *test == name && *found == other && other_said.lines().any(|line| step.is_match(line))
        };
        if result == "PASS" && ALONE.iter().any(presumes) {
            mark = "presumes that nobody else traces";
        } else if result != other && other == "PASS" {
            // Some of these tests have fixed times, which a slow machine does not keep.
            mark = "fails without samples";
        } else if result != other {
            mark = "differs";
            differ += 1;
            faults.push(format!("{name}, without samples: {result}\n{said}"));
            faults.push(format!("{name}, with samples: {other}\n{other_said}"));
        }
        let line = format!("{name:<76} {result:<12} {other:<12} {mark}");
        let _ = writeln!(table, "{}", line.trim_end());
    }
    let _ = writeln!(table, "Loaded and probing: {}", with.loaded);
    for why in &with.refused {
        let _ = writeln!(table, "Not loaded: {why}");
    }
    let passed = with.count(&["PASS"]);
    if passed == 0 {
        faults.push("no test passed".to_owned());
    }
    let _ = writeln!(
        table,
        "{count} tests: {passed} passed with samples, {} lack something here, {differ} differ",
        with.count(&["UNSUPPORTED", "UNRESOLVED", "UNTESTED"]),
    );
    (table, faults)
}

/// Runs all tests in a guest, and shows how far it is.
fn in_guest(kernel: &Kernel, initramfs: &Initramfs, what: &str) -> Result<(Run, Outcome)> {
    let limits = Limits {
        whole: 36 * kernel.test_limit,
        silence: 4 * kernel.test_limit,
    };
    let mut run = Run::default();
    let outcome = Vm::new(kernel, initramfs, what, limits).run(|line| {
        run.line(line);
        if let Line::Result { name, result } = parse(line) {
            eprintln!("  {:>3} {name}, {what} samples: {result}", run.tests.len());
        }
    })?;
    Ok((run, outcome))
}

/// Returns whether the results are the same.
pub fn run(kernel: &Kernel, repo: &Path) -> Result<bool> {
    let extras = Extras {
        selftests: true,
        ..Extras::default()
    };
    let initramfs = Initramfs::new(kernel, repo, &[repo.to_owned()], &extras)?;
    println!(
        "Running the kernel's own tests of tracing in two guests with {}, Linux {} (about 10 minutes)",
        kernel.name, kernel.release
    );
    let (without, with) = thread::scope(|scope| {
        let beside = scope.spawn(|| in_guest(kernel, &initramfs, "without"));
        let with = in_guest(kernel, &initramfs, "with");
        let without = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        anyhow::Ok((without?, with?))
    })?;
    let (table, mut faults) = compare(&without.0, &with.0);
    print!("{table}");
    let results = repo.join("results");
    fs::create_dir_all(&results)?;
    fs::write(results.join("selftest.txt"), &table)?;
    for (what, (run, outcome)) in [("without", &without), ("with", &with)] {
        fs::write(results.join(format!("selftest-{what}.log")), &run.log)?;
        let console = results.join(format!("selftest-{what}-console.log"));
        fs::write(console, &outcome.console)?;
        if outcome.end != End::Done {
            faults.push(format!("{what} samples: {}", outcome.end));
        }
        for splat in &outcome.splats {
            let said = splat.lines.join("\n");
            faults.push(format!("{what} samples, the kernel complained:\n{said}"));
        }
    }
    for fault in &faults {
        println!("{fault}");
    }
    eprintln!("Results: {}/selftest*", results.display());
    Ok(faults.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "(instance)  Kprobe dynamic event - probing module";

    fn said(text: &str) -> Run {
        let mut run = Run::default();
        text.lines().for_each(|line| run.line(line));
        run
    }

    fn without() -> Run {
        said(&format!(
            "# loaded \n=== Ftrace unit tests ===\n[1] Basic\t[PASS]\n[2]{NAME}\t[UNRESOLVED]\n+ modprobe"
        ))
    }

    fn with(result: &str) -> Run {
        said(&format!(
            "# refused c: no hook\n# loaded b a \n[1] Basic\t[PASS]\n[2]{NAME}\t[{result}]\n+ false"
        ))
    }

    #[test]
    fn the_same_is_no_fault() {
        let (table, faults) = compare(&without(), &with("UNRESOLVED"));
        assert_eq!(faults, [""; 0]);
        let end = "Loaded and probing: b a\nNot loaded: c: no hook\n2 tests: 1 passed with samples, 1 lack something here, 0 differ\n";
        assert!(table.ends_with(end), "{table}");
    }

    #[test]
    fn a_difference_is_one_with_what_the_test_said() {
        let (table, faults) = compare(&without(), &with("FAIL"));
        assert!(
            table.contains(" UNRESOLVED   FAIL         differs\n"),
            "{table}"
        );
        assert_eq!(
            faults,
            [
                format!("{NAME}, without samples: UNRESOLVED\n+ modprobe"),
                format!("{NAME}, with samples: FAIL\n+ false")
            ]
        );
    }

    #[test]
    fn a_test_that_is_no_longer_alone_is_none() {
        let name = ALONE[1].0;
        let without = said(&format!("[1] {name}\t[PASS]"));
        let with = |result: &str, why: &str| {
            let (_, faults) = compare(&without, &said(&format!("[1] {name}\t[{result}]\n{why}")));
            // Besides that nothing passed.
            faults.len() - 1
        };
        assert_eq!(with("UNRESOLVED", "+ test 103 -eq 0\n+ exit_unresolved"), 0);
        assert_eq!(with("UNRESOLVED", "+ exit_unresolved"), 2);
        assert_eq!(with("FAIL", "+ test 103 -eq 0"), 2);
    }

    #[test]
    fn a_test_that_fails_without_samples_only_is_none() {
        let (table, faults) = compare(&without(), &with("PASS"));
        assert_eq!(faults, [""; 0]);
        assert!(table.contains("0 differ"), "{table}");
    }

    #[test]
    fn a_test_that_was_not_reached_is_one() {
        let (table, faults) = compare(&without(), &said("[1] Basic\t[PASS]"));
        assert_eq!(faults.len(), 2, "{table}");
    }

    #[test]
    fn so_is_what_is_wrong_and_that_nothing_passed() {
        let (_, faults) = compare(&said(""), &said("# wrong a can not be unloaded"));
        assert_eq!(faults, ["a can not be unloaded", "no test passed"]);
    }
}
