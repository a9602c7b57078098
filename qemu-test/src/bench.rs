// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! `make bench`: what a hit costs, in instructions, for each kind of probe in Rust and in C.
//!
//! QEMU runs with `-icount shift=0`, so one instruction is one nanosecond of the guest's time, on every machine.

use std::{fs, path::Path, time::Duration};

use anyhow::{bail, ensure, Context, Result};
use serde::Serialize;
use tempfile::tempdir;

use crate::{
    initramfs::{Extras, Initramfs},
    kernel::Kernel,
    plot, programs,
    vm::{End, Limits, Vm},
};

/// How much dearer than its C twin a hit of a Rust probe may be.
const MOST: f64 = 1.02;

/// The same for registering and unregistering probes, besides one grace period more: how long these take is chance.
const MOST_MANY: f64 = 1.05;

/// What is measured, what that is, and the program for BPF that does the same.
type Case = (&'static str, &'static str, Option<&'static str>);

const CASES: [Case; 22] = [
    ("entry", "kprobe at entry, by ftrace: pre", Some("kprobe")),
    ("argument", "the same, with the argument by name", None),
    ("member", "the same, reading a member of a struct", None),
    (
        "entry_post",
        "kprobe at entry, by ftrace: pre and post",
        None,
    ),
    ("count", "kprobe at entry that only counts", None),
    ("filter_none", "the same, with no filter", None),
    ("filter_no", "the same, filter that says no", None),
    ("guarded", "the same, guarded", None),
    ("jump", "kprobe inside, optimised: pre", None),
    ("int3", "kprobe inside, breakpoint: pre and post", None),
    ("ret", "kretprobe", Some("kretprobe")),
    ("ret_data", "kretprobe with entry and data", None),
    ("tracepoint", "tracepoint", None),
    (
        "tracepoint_guard",
        "tracepoint, with a guard in C, too",
        None,
    ),
    ("event", "trace event of three fields", None),
    ("event_off", "the same, switched off", None),
    ("trace_text", "trace_printk! of a text", None),
    ("trace_two", "trace_printk! of two numbers", None),
    ("trace_off", "trace_printk! while that is off", None),
    ("map", "Map: update of a key", Some("map")),
    (
        "map_percpu",
        "PerCpuMap: record for a key",
        Some("map_percpu"),
    ),
    // C: into a buffer as tracing has it. BPF: its ring buffer, by fentry.
    ("stream", "64 bytes into a stream", Some("ringbuf")),
];

/// Kernels may lack these.
const FUNCTION_CASES: [Case; 6] = [
    ("direct", "direct call: entry", Some("fentry")),
    ("direct_ret", "direct call: return", Some("fexit")),
    (
        "direct_ret_data",
        "direct call: return, with entry and data",
        None,
    ),
    ("ops", "ftrace_ops of 1001 functions: entry", None),
    ("fprobe_ret", "fprobe: return", None),
    (
        "fprobe_ret_data",
        "fprobe: return, with entry and data",
        None,
    ),
];

/// How many hit at once, see `rprobes_bench_run_on_all()`.
const CPUS: &str = "4";

const MANY_CASES: [(&str, &str, &[u64]); 6] = [
    ("entry", "at entries: pre", &[1, 10, 100, 1000]),
    ("entry_post", "at entries: pre and post", &[1, 10, 100]),
    ("inside", "inside, optimised: pre", &[1, 10, 100, 1000]),
    ("inside_post", "inside: pre and post", &[1, 10, 100, 1000]),
    ("ops", "at entries, one ftrace_ops", &[1, 10, 100, 1000]),
    (
        "fprobe",
        "at entries and returns, one fprobe",
        &[1, 10, 100, 1000],
    ),
];

/// Of these, those that kernels may lack.
const FUNCTION_MANY: [&str; 2] = ["ops", "fprobe"];

/// Of these, those that wait for all tasks to leave a trampoline.
const TASKS_MANY: [&str; 1] = ["ops"];

#[derive(Serialize)]
struct Results {
    kernel: String,
    release: String,
    /// Instructions per hit.
    hits: Vec<Hit>,
    /// The same, with all CPUs hitting at once.
    cpus: Vec<Hit>,
    /// Microseconds of the guest's time for probes of different functions.
    many: Vec<Many>,
    grace: Grace,
}

/// Usual grace periods, in microseconds.
#[derive(Serialize)]
struct Grace {
    rcu: f64,
    tasks: f64,
}

#[derive(Serialize)]
struct Hit {
    name: String,
    what: String,
    rust: Option<f64>,
    c: f64,
    ratio: Option<f64>,
    bpf: Option<f64>,
}

impl Hit {
    /// Where a direct call does the work, C can leave out what Rust needs for every function; so that is bounded by a number.
    /// `count` is what the handler costs that others are made of.
    fn is_too_dear(&self, count: Option<f64>) -> bool {
        let above = |more: f64| count.map_or(f64::INFINITY, |count| count + more);
        let most = match self.name.as_str() {
            "direct" => 36.0,
            "ops" => 56.0,
            "direct_ret" | "direct_ret_data" => 60.0,
            // A handler that reaches itself, and calls that another probe has seen the entry of: C looks for neither.
            "fprobe_ret_data" => self.c * 1.03,
            // C has no guard, and may be preempted.
            "tracepoint" => 26.0,
            // C has neither. Half an instruction is of interrupts, here and there.
            "filter_none" | "filter_no" => above(8.5),
            "guarded" => above(30.0),
            "event" => self.c * 1.10,
            "event_off" => 3.0,
            "trace_text" | "trace_two" => self.c * 1.1,
            "trace_off" => 10.0,
            // C has no guard against itself, and its caller no choice of what is counted.
            "map" => 60.0,
            "map_percpu" => 40.0,
            "stream" => 120.0,
            _ => return self.ratio.is_some_and(|ratio| ratio > MOST),
        };
        self.rust.is_some_and(|rust| rust > most)
    }
}

#[derive(Serialize)]
struct Many {
    name: String,
    what: String,
    probes: u64,
    register: Pair,
    unregister: Pair,
}

impl Many {
    fn is_too_slow(&self, grace: &Grace) -> bool {
        let grace = if TASKS_MANY.contains(&&*self.name) {
            grace.tasks
        } else {
            grace.rcu
        };
        self.register.is_too_slow(grace) || self.unregister.is_too_slow(grace)
    }
}

#[derive(Serialize)]
struct Pair {
    rust: Option<f64>,
    c: f64,
}

impl Pair {
    /// Whether Rust takes longer than it may.
    fn is_too_slow(&self, grace: f64) -> bool {
        self.rust
            .is_some_and(|rust| rust > self.c * MOST_MANY + grace)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Rust,
    C,
    Bpf,
}

#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// Hundredths of an instruction per hit, and hits.
    Hit {
        by: By,
        cpus: bool,
        name: &'a str,
        hundredths: u64,
        hits: u64,
    },
    /// Microseconds.
    Many {
        by: By,
        name: &'a str,
        probes: u64,
        register: u64,
        unregister: u64,
    },
    /// Microseconds, of RCU and of RCU for tasks.
    Grace(u64, u64),
}

fn parse(line: &str) -> Option<Line<'_>> {
    let (module, rest) = line.split_once(": ")?;
    let words: Vec<_> = rest.split_whitespace().collect();
    let by = match module {
        "bench" => By::Rust,
        "bench_c" | "bench_ftrace_c" => By::C,
        "bench_bpf" => By::Bpf,
        _ => {
            let ["grace", rcu, tasks] = words[..] else {
                return None;
            };
            return Some(Line::Grace(rcu.parse().ok()?, tasks.parse().ok()?));
        }
    };
    let (cpus, words) = match words.split_first() {
        Some((&"cpus", words)) => (true, words),
        _ => (false, &words[..]),
    };
    match *words {
        // Without hits, nothing was registered.
        ["many", name, probes, register, unregister, "hits", hits] if hits != "0" => {
            Some(Line::Many {
                by,
                name,
                probes: probes.parse().ok()?,
                register: register.parse().ok()?,
                unregister: unregister.parse().ok()?,
            })
        }
        [name, hundredths, "hits", hits] => Some(Line::Hit {
            by,
            cpus,
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
    let built = tempdir()?;
    // bpftool of the build root is for guests of its architecture.
    let bpf = if kernel.arch.is_native() {
        programs::build_bpf(&repo.join("qemu-test/bpf"), built.path())?
    } else {
        Vec::new()
    };
    let extras = Extras {
        bpf: &bpf,
        ..Extras::default()
    };
    let initramfs = Initramfs::new(kernel, repo, &[repo.to_owned()], &extras)?;
    let limits = Limits {
        whole: Duration::from_secs(1800),
        silence: Duration::from_secs(600),
    };
    println!(
        "Measuring on {}, Linux {} (about 10 minutes)",
        kernel.name, kernel.release
    );
    let directory = repo.join("results");
    fs::create_dir_all(&directory)?;
    let mut lines = Vec::new();
    // With a single processor there is no grace period to wait for when a probe is unregistered.
    for (run, processors) in [("bench", "1"), ("cpus", CPUS), ("many", "2")] {
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
        fs::write(directory.join("bench.log"), lines.join("\n"))?;
    }
    let results = Results::new(kernel, &lines)
        .with_context(|| format!("the guests said:\n{}", lines.join("\n")))?;
    print(&results);
    let (json, svg) = (directory.join("bench.json"), directory.join("bench.svg"));
    fs::write(&json, serde_json::to_string_pretty(&results)?)?;
    fs::write(&svg, plot(&results))?;
    eprintln!("Results: {}, {}", json.display(), svg.display());
    let mut hits = results.hits.iter().chain(&results.cpus);
    // Nothing is shared by CPUs, so it costs no more on several at once.
    let mut shared = results.cpus.iter().filter(|on_all| {
        let alone = results.hits.iter().find(|hit| hit.name == on_all.name);
        alone
            .and_then(|hit| hit.rust)
            .zip(on_all.rust)
            .is_some_and(|(alone, on_all)| on_all > alone * MOST_MANY)
    });
    if let Some(hit) = shared.next() {
        println!("{}: dearer on {CPUS} CPUs at once", hit.what);
        return Ok(false);
    }
    let mut many = results.many.iter();
    let count = results.count();
    Ok(!hits.any(|hit| hit.is_too_dear(count)) && !many.any(|row| row.is_too_slow(&results.grace)))
}

impl Results {
    fn count(&self) -> Option<f64> {
        self.hits.iter().find(|hit| hit.name == "count")?.rust
    }

    fn new(kernel: &Kernel, lines: &[String]) -> Result<Self> {
        let parsed: Vec<_> = lines.iter().filter_map(|line| parse(line)).collect();
        let grace = parsed.iter().filter_map(|line| match line {
            Line::Grace(rcu, tasks) => Some((*rcu, *tasks)),
            _ => None,
        });
        let (rcu, tasks) = grace.unzip();
        let grace = median(rcu)
            .zip(median(tasks))
            .map(|(rcu, tasks)| Grace { rcu, tasks });
        let mut results = Self {
            kernel: kernel.name.clone(),
            release: kernel.release.clone(),
            hits: Vec::new(),
            cpus: Vec::new(),
            many: Vec::new(),
            grace: grace.context("no result for a grace period")?,
        };
        for case in CASES {
            let hit = hit(&parsed, case, false)
                .filter(|hit| hit.rust.is_some())
                .with_context(|| format!("no result for {}", case.0))?;
            results.hits.push(hit);
        }
        for case in FUNCTION_CASES {
            let row = hit(&parsed, case, false);
            ensure!(
                row.as_ref().is_none_or(|hit| hit.rust.is_some()),
                "no result for {} in Rust",
                case.0
            );
            results.hits.extend(row);
        }
        let cases = CASES.iter().chain(&FUNCTION_CASES);
        results.cpus = cases.filter_map(|case| hit(&parsed, *case, true)).collect();
        for (name, what, counts) in MANY_CASES {
            for probes in counts.iter().copied() {
                let row = many(&parsed, name, what, probes);
                ensure!(
                    row.is_some() || FUNCTION_MANY.contains(&name),
                    "no result for {probes} probes {what}"
                );
                results.many.extend(row);
            }
        }
        Ok(results)
    }
}

/// What was measured of a case, if it was in C.
fn hit(lines: &[Line<'_>], (name, what, bpf): Case, on_all: bool) -> Option<Hit> {
    let of = |wanted: By, wanted_name: &str| {
        let values = lines.iter().filter_map(|line| match line {
            // Without hits, nothing was measured.
            Line::Hit {
                by,
                cpus,
                name,
                hundredths,
                hits,
            } if *by == wanted && *cpus == on_all && *name == wanted_name && *hits > 0 => {
                Some(*hundredths)
            }
            _ => None,
        });
        median(values.collect()).map(|hundredths| hundredths / 100.0)
    };
    let (rust, c) = (of(By::Rust, name), of(By::C, name)?);
    Some(Hit {
        name: name.to_owned(),
        what: what.to_owned(),
        rust,
        c,
        ratio: rust.map(|rust| rust / c),
        bpf: bpf.and_then(|bpf| of(By::Bpf, bpf)),
    })
}

/// How long it took to register and to unregister, if that was measured in C.
fn many(lines: &[Line<'_>], wanted_name: &str, what: &str, wanted: u64) -> Option<Many> {
    let of = |wanted_by: By, registering: bool| {
        let values = lines.iter().filter_map(|line| match line {
            Line::Many {
                by,
                name,
                probes,
                register,
                unregister,
            } if *by == wanted_by && *name == wanted_name && *probes == wanted => {
                Some(if registering { *register } else { *unregister })
            }
            _ => None,
        });
        median(values.collect())
    };
    let pair = |registering| {
        Some(Pair {
            rust: of(By::Rust, registering),
            c: of(By::C, registering)?,
        })
    };
    Some(Many {
        name: wanted_name.to_owned(),
        what: what.to_owned(),
        probes: wanted,
        register: pair(true)?,
        unregister: pair(false)?,
    })
}

/// A number in a column, or that there is none.
fn column(value: Option<f64>, width: usize, digits: usize) -> String {
    match value {
        Some(value) => format!("{value:>width$.digits$}"),
        None => format!("{:>width$}", "-"),
    }
}

fn print(results: &Results) {
    let header = |title: &str| {
        println!(
            "{title:<44} {:>8} {:>8} {:>7} {:>8}",
            "Rust", "C", "ratio", "BPF"
        );
    };
    header("instructions per hit");
    let count = results.count();
    let row = |hit: &Hit| {
        println!(
            "{:<44} {} {} {} {}{}",
            hit.what,
            column(hit.rust, 8, 1),
            column(Some(hit.c), 8, 1),
            column(hit.ratio, 7, 3),
            column(hit.bpf, 8, 1),
            if hit.is_too_dear(count) {
                "  too dear"
            } else {
                ""
            }
        );
    };
    results.hits.iter().for_each(row);
    header(&format!("the same on {CPUS} CPUs at once"));
    results.cpus.iter().for_each(row);
    println!(
        "{:<41} {:>9} {:>9} {:>11} {:>9}",
        "milliseconds of the guest's time", "register", "C", "unregister", "C"
    );
    for row in &results.many {
        let (register, unregister) = (&row.register, &row.unregister);
        let milliseconds = |value: Option<f64>| value.map(|value| value / 1000.0);
        println!(
            "{:<41} {} {} {} {}{}",
            format!("{} {}", row.probes, row.what),
            column(milliseconds(register.rust), 9, 1),
            column(milliseconds(Some(register.c)), 9, 1),
            column(milliseconds(unregister.rust), 11, 1),
            column(milliseconds(Some(unregister.c)), 9, 1),
            if row.is_too_slow(&results.grace) {
                "  too slow"
            } else {
                ""
            }
        );
    }
    println!(
        "A grace period took {:.1} ms, one of RCU for tasks {:.1} ms.",
        results.grace.rcu / 1000.0,
        results.grace.tasks / 1000.0
    );
}

/// The table of hits as a picture.
fn plot(results: &Results) -> String {
    let rows: Vec<_> = results
        .hits
        .iter()
        .map(|hit| (hit.what.as_str(), [hit.rust, Some(hit.c), hit.bpf]))
        .collect();
    plot::bars(
        &format!("Instructions per hit, Linux {}", results.release),
        ["Rust", "C", "BPF"],
        &rows,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_modules_are_understood() {
        assert_eq!(
            parse("bench_c: entry 13712 hits 101000"),
            Some(Line::Hit {
                by: By::C,
                cpus: false,
                name: "entry",
                hundredths: 13712,
                hits: 101_000
            })
        );
        assert_eq!(
            parse("bench: many entry 10 20 300 hits 1"),
            Some(Line::Many {
                by: By::Rust,
                name: "entry",
                probes: 10,
                register: 20,
                unregister: 300
            })
        );
        assert_eq!(
            parse("bench_ftrace_c: cpus ops 4012 hits 404000"),
            Some(Line::Hit {
                by: By::C,
                cpus: true,
                name: "ops",
                hundredths: 4012,
                hits: 404_000
            })
        );
        assert_eq!(
            parse("bench_target: grace 20 40"),
            Some(Line::Grace(20, 40))
        );
        assert_eq!(parse("bench: many entry 10 20 300 hits 0"), None);
        assert_eq!(parse("bench: something else"), None);
        assert_eq!(parse("# rprobes: done"), None);
    }

    #[test]
    fn a_grace_period_more_is_no_fault() {
        let row = |name: &str, rust| Many {
            name: name.to_owned(),
            what: String::new(),
            probes: 1,
            register: Pair {
                rust: Some(rust),
                c: 100.0,
            },
            unregister: Pair { rust: None, c: 1.0 },
        };
        let grace = Grace {
            rcu: 20.0,
            tasks: 40.0,
        };
        assert!(!row("entry", 124.0).is_too_slow(&grace));
        assert!(row("entry", 126.0).is_too_slow(&grace));
        assert!(!row("ops", 144.0).is_too_slow(&grace));
        assert!(row("ops", 146.0).is_too_slow(&grace));
    }

    #[test]
    fn one_odd_round_does_not_count() {
        assert_eq!(median(vec![100, 9900, 110]), Some(110.0));
        assert_eq!(median(vec![]), None);
    }
}
