// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! `make bench`: what a hit costs, in instructions, for each kind of probe in Rust and in C.
//!
//! QEMU runs with `-icount shift=0`, so one instruction is one nanosecond of the guest's time, on every machine.

use std::{fs, path::Path, time::Duration};

use anyhow::{bail, ensure, Context, Result};
use serde::Serialize;

use crate::{
    initramfs::Initramfs,
    kernel::Kernel,
    vm::{End, Limits, Vm},
};

/// How much dearer than its C twin a hit of a Rust probe may be.
const MOST: f64 = 1.02;

/// The same for registering and unregistering probes.
const MOST_MANY: f64 = 1.05;

const CASES: [(&str, &str); 8] = [
    ("entry", "kprobe at entry, by ftrace: pre"),
    ("argument", "the same, with the argument by name"),
    ("member", "the same, reading a member of a struct"),
    ("entry_post", "kprobe at entry, by ftrace: pre and post"),
    ("jump", "kprobe inside, optimised: pre"),
    ("int3", "kprobe inside, breakpoint: pre and post"),
    ("ret", "kretprobe"),
    ("ret_data", "kretprobe with entry and data"),
];

const MANY_CASES: [(&str, &str, &[u64]); 4] = [
    ("entry", "at entries: pre", &[1, 10, 100, 1000]),
    ("entry_post", "at entries: pre and post", &[1, 10, 100]),
    ("inside", "inside, optimised: pre", &[1, 10, 100, 1000]),
    ("inside_post", "inside: pre and post", &[1, 10, 100, 1000]),
];

#[derive(Serialize)]
struct Results {
    kernel: String,
    release: String,
    /// Instructions per hit.
    hits: Vec<Hit>,
    /// Microseconds of the guest's time for probes of different functions.
    many: Vec<Many>,
}

#[derive(Serialize)]
struct Hit {
    name: String,
    what: String,
    rust: f64,
    c: f64,
    ratio: f64,
}

#[derive(Serialize)]
struct Many {
    name: String,
    what: String,
    probes: u64,
    register: Pair,
    unregister: Pair,
}

#[derive(Serialize)]
struct Pair {
    rust: f64,
    c: f64,
    ratio: f64,
}

impl Pair {
    fn new(rust: f64, c: f64) -> Self {
        Self {
            rust,
            c,
            ratio: rust / c,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// Hundredths of an instruction per hit, and hits.
    Hit {
        rust: bool,
        name: &'a str,
        hundredths: u64,
        hits: u64,
    },
    /// Microseconds.
    Many {
        rust: bool,
        name: &'a str,
        probes: u64,
        register: u64,
        unregister: u64,
    },
}

fn parse(line: &str) -> Option<Line<'_>> {
    let (module, rest) = line.split_once(": ")?;
    let words: Vec<_> = rest.split_whitespace().collect();
    match words[..] {
        // Without hits, nothing was registered.
        ["many", name, probes, register, unregister, "hits", hits] if hits != "0" => {
            Some(Line::Many {
                rust: module == "bench",
                name,
                probes: probes.parse().ok()?,
                register: register.parse().ok()?,
                unregister: unregister.parse().ok()?,
            })
        }
        [name, hundredths, "hits", hits] => Some(Line::Hit {
            rust: module == "bench",
            name,
            hundredths: hundredths.parse().ok()?,
            hits: hits.parse().ok()?,
        }),
        _ => None,
    }
}

fn median(mut values: Vec<u64>) -> Option<f64> {
    values.sort_unstable();
    values.get(values.len() / 2).map(|value| *value as f64)
}

/// Returns whether no Rust probe is dearer than it may be.
pub fn run(kernel: &Kernel, repo: &Path) -> Result<bool> {
    let initramfs = Initramfs::new(kernel, repo, &[repo.to_owned()], &[])?;
    let limits = Limits {
        whole: Duration::from_secs(1800),
        silence: Duration::from_secs(600),
    };
    println!(
        "Measuring on {}, Linux {} (about 6 minutes)",
        kernel.name, kernel.release
    );
    let mut lines = Vec::new();
    // With a single processor there is no grace period to wait for when a probe is unregistered.
    for (run, processors) in [("bench", 1), ("many", 2)] {
        let vm = Vm::new(kernel, &initramfs, run, limits).counting_instructions(processors);
        let outcome = vm.run(|line| lines.push(line.to_owned()))?;
        if let Some(splat) = outcome.splats.first() {
            bail!("the kernel complained:\n{}", splat.lines.join("\n"));
        }
        ensure!(
            outcome.end == End::Done,
            "{}:\n{}",
            outcome.end,
            lines.join("\n")
        );
    }
    let parsed: Vec<_> = lines.iter().filter_map(|line| parse(line)).collect();

    let mut results = Results {
        kernel: kernel.name.clone(),
        release: kernel.release.clone(),
        hits: Vec::new(),
        many: Vec::new(),
    };
    for (name, what) in CASES {
        let of = |wanted: bool| {
            let values = parsed.iter().filter_map(|line| match line {
                // Without hits, nothing was measured.
                Line::Hit {
                    rust,
                    name: n,
                    hundredths,
                    hits,
                } if *rust == wanted && *n == name && *hits > 0 => Some(*hundredths),
                _ => None,
            });
            median(values.collect())
                .map(|hundredths| hundredths / 100.0)
                .with_context(|| format!("no result for {name}:\n{}", lines.join("\n")))
        };
        let (rust, c) = (of(true)?, of(false)?);
        results.hits.push(Hit {
            name: name.to_owned(),
            what: what.to_owned(),
            rust,
            c,
            ratio: rust / c,
        });
    }
    for (name, what, counts) in MANY_CASES {
        for probes in counts.iter().copied() {
            let of = |wanted: bool, registering: bool| {
                let values = parsed.iter().filter_map(|line| match line {
                    Line::Many {
                        rust,
                        name: n,
                        probes: p,
                        register,
                        unregister,
                    } if *rust == wanted && *n == name && *p == probes => {
                        Some(if registering { *register } else { *unregister })
                    }
                    _ => None,
                });
                median(values.collect()).with_context(|| {
                    format!(
                        "no result for {probes} probes {what}:\n{}",
                        lines.join("\n")
                    )
                })
            };
            results.many.push(Many {
                name: name.to_owned(),
                what: what.to_owned(),
                probes,
                register: Pair::new(of(true, true)?, of(false, true)?),
                unregister: Pair::new(of(true, false)?, of(false, false)?),
            });
        }
    }
    print(&results);
    let file = repo.join("results/bench.json");
    fs::create_dir_all(repo.join("results"))?;
    fs::write(&file, serde_json::to_string_pretty(&results)?)?;
    eprintln!("Results: {}", file.display());
    let hits = results.hits.iter().all(|hit| hit.ratio <= MOST);
    let many = results
        .many
        .iter()
        .all(|row| row.register.ratio <= MOST_MANY && row.unregister.ratio <= MOST_MANY);
    Ok(hits && many)
}

fn print(results: &Results) {
    println!(
        "{:<44} {:>8} {:>8} {:>7}",
        "instructions per hit", "Rust", "C", "ratio"
    );
    for hit in &results.hits {
        let remark = if hit.ratio > MOST { "  too dear" } else { "" };
        println!(
            "{:<44} {:>8.1} {:>8.1} {:>7.3}{remark}",
            hit.what, hit.rust, hit.c, hit.ratio
        );
    }
    println!(
        "{:<33} {:>9} {:>9} {:>6} {:>11} {:>9} {:>6}",
        "milliseconds of the guest's time", "register", "C", "ratio", "unregister", "C", "ratio"
    );
    for row in &results.many {
        let (register, unregister) = (&row.register, &row.unregister);
        let remark = if register.ratio.max(unregister.ratio) > MOST_MANY {
            "  too slow"
        } else {
            ""
        };
        println!(
            "{:<33} {:>9.1} {:>9.1} {:>6.3} {:>11.1} {:>9.1} {:>6.3}{remark}",
            format!("{} probes {}", row.probes, row.what),
            register.rust / 1000.0,
            register.c / 1000.0,
            register.ratio,
            unregister.rust / 1000.0,
            unregister.c / 1000.0,
            unregister.ratio
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_modules_are_understood() {
        assert_eq!(
            parse("bench_c: entry 13712 hits 101000"),
            Some(Line::Hit {
                rust: false,
                name: "entry",
                hundredths: 13712,
                hits: 101_000
            })
        );
        assert_eq!(
            parse("bench: many entry 10 20 300 hits 1"),
            Some(Line::Many {
                rust: true,
                name: "entry",
                probes: 10,
                register: 20,
                unregister: 300
            })
        );
        assert_eq!(parse("bench: many entry 10 20 300 hits 0"), None);
        assert_eq!(parse("bench: something else"), None);
        assert_eq!(parse("# rprobes: done"), None);
    }

    #[test]
    fn one_odd_round_does_not_count() {
        assert_eq!(median(vec![100, 9900, 110]), Some(110.0));
        assert_eq!(median(vec![]), None);
    }
}
