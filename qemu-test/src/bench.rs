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

/// How much dearer than its C twin a Rust probe may be.
const MOST: f64 = 1.02;

const CASES: [(&str, &str); 6] = [
    ("entry", "kprobe at entry, by ftrace: pre"),
    ("entry_post", "kprobe at entry, by ftrace: pre and post"),
    ("jump", "kprobe inside, optimised: pre"),
    ("int3", "kprobe inside, breakpoint: pre and post"),
    ("ret", "kretprobe"),
    ("ret_data", "kretprobe with entry and data"),
];

#[derive(Serialize)]
struct Results {
    kernel: String,
    release: String,
    /// Instructions per hit.
    hits: Vec<Hit>,
    /// Microseconds of the guest's time.
    unregister: Vec<Unregister>,
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
struct Unregister {
    probes: u64,
    as_a_set: u64,
    one_by_one: u64,
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
    Unregister {
        probes: u64,
        as_a_set: u64,
        one_by_one: u64,
    },
}

fn parse(line: &str) -> Option<Line<'_>> {
    let (module, rest) = line.split_once(": ")?;
    let words: Vec<_> = rest.split_whitespace().collect();
    match words[..] {
        ["unregister", probes, as_a_set, one_by_one] => Some(Line::Unregister {
            probes: probes.parse().ok()?,
            as_a_set: as_a_set.parse().ok()?,
            one_by_one: one_by_one.parse().ok()?,
        }),
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
    values
        .get(values.len() / 2)
        .map(|hundredths| *hundredths as f64 / 100.0)
}

/// Returns whether no Rust probe is dearer than it may be.
pub fn run(kernel: &Kernel, repo: &Path) -> Result<bool> {
    let initramfs = Initramfs::new(repo, None, "")?;
    let limits = Limits {
        whole: Duration::from_secs(900),
        silence: Duration::from_secs(300),
    };
    println!(
        "Measuring on {}, Linux {} (about 2 minutes)",
        kernel.name, kernel.release
    );
    let mut lines = Vec::new();
    // With a single processor there is no grace period to wait for when a probe is unregistered.
    for (run, processors) in [("bench", 1), ("unregister", 2)] {
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
        unregister: Vec::new(),
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
    for line in &parsed {
        if let Line::Unregister {
            probes,
            as_a_set,
            one_by_one,
        } = *line
        {
            results.unregister.push(Unregister {
                probes,
                as_a_set,
                one_by_one,
            });
        }
    }
    print(&results);
    let file = repo.join("results/bench.json");
    fs::create_dir_all(repo.join("results"))?;
    fs::write(&file, serde_json::to_string_pretty(&results)?)?;
    eprintln!("Results: {}", file.display());
    Ok(results.hits.iter().all(|hit| hit.ratio <= MOST))
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
        "{:<44} {:>8} {:>8} {:>7}",
        "microseconds to unregister", "set", "each", "ratio"
    );
    for row in &results.unregister {
        let ratio = row.one_by_one as f64 / row.as_a_set.max(1) as f64;
        println!(
            "{:<44} {:>8} {:>8} {ratio:>7.1}",
            format!("{} probes", row.probes),
            row.as_a_set,
            row.one_by_one
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
            parse("bench: unregister 10 20 300"),
            Some(Line::Unregister {
                probes: 10,
                as_a_set: 20,
                one_by_one: 300
            })
        );
        assert_eq!(parse("bench: something else"), None);
        assert_eq!(parse("# rprobes: done"), None);
    }

    #[test]
    fn one_odd_round_does_not_count() {
        assert_eq!(median(vec![100, 9900, 110]), Some(1.1));
        assert_eq!(median(vec![]), None);
    }
}
