// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What only a running kernel knows of its functions. Each file is that of the kernel of this name, and may be missing.

use std::{
    collections::{HashMap, HashSet},
    fs,
    ops::Range,
    path::Path,
};

use anyhow::{Context, Result};

use crate::names;

/// A function, a clone of one, or a part, that has code.
pub struct Symbol {
    pub name: String,
    /// None for the kernel itself.
    pub module: Option<String>,
    /// Zero if the kernel does not tell.
    address: u64,
}

#[derive(Default)]
pub struct Symbols {
    pub all: Vec<Symbol>,
    /// What is freed after boot.
    init: Option<Range<u64>>,
    /// How many of a name, in a module, ftrace can trace.
    traceable: Option<HashMap<(String, Option<String>), usize>>,
    blacklist: Option<Blacklist>,
    /// The addresses of what has such a name.
    traced: HashSet<u64>,
    /// The groups of the events of a name.
    events: Option<HashMap<String, Vec<String>>>,
}

#[derive(Default)]
struct Blacklist {
    ranges: Vec<Range<u64>>,
    names: HashSet<String>,
}

impl Symbols {
    /// From the files in `directory`.
    pub fn load(directory: &Path) -> Result<Self> {
        let read = |name: &str| -> Result<Option<String>> {
            let path = directory.join(name);
            match fs::read_to_string(&path) {
                Ok(text) => Ok(Some(text).filter(|text| !text.is_empty())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error).with_context(|| path.display().to_string()),
            }
        };
        let mut symbols = Self {
            traceable: read("available_filter_functions")?.map(|text| traceable(&text)),
            blacklist: read("blacklist")?.map(|text| blacklist(&text)),
            events: read("available_events")?.map(|text| events(&text)),
            ..Self::default()
        };
        if let Some(text) = read("kallsyms")? {
            symbols.kallsyms(&text);
        }
        let traced = symbols.all.iter().filter(|symbol| symbol.address != 0);
        let traced = traced
            .filter(|s| symbols.traceable(&s.name, s.module.as_deref()) > Some(0))
            .map(|symbol| symbol.address);
        symbols.traced = traced.collect();
        Ok(symbols)
    }

    fn kallsyms(&mut self, text: &str) {
        // Of all that is freed, or, where the linker has no symbol for its end, of the code that is.
        const PAIRS: [(&str, &str); 2] =
            [("__init_begin", "__init_end"), ("_sinittext", "_einittext")];
        let mut bounds = HashMap::new();
        for line in text.lines() {
            let mut words = line.split_ascii_whitespace();
            let (Some(address), Some(kind), Some(name)) =
                (words.next(), words.next(), words.next())
            else {
                continue;
            };
            let Ok(address) = u64::from_str_radix(address, 16) else {
                continue;
            };
            if PAIRS
                .iter()
                .any(|(begin, end)| name == *begin || name == *end)
            {
                bounds.insert(name, address);
            }
            if !matches!(kind, "t" | "T" | "w" | "W") || names::is_label(name) {
                continue;
            }
            let module = words.next().map(|word| word.trim_matches(['[', ']']));
            // Trampolines, and BPF programs.
            if module.is_some_and(|module| module.starts_with("__builtin__") || module == "bpf") {
                continue;
            }
            self.all.push(Symbol {
                name: name.to_owned(),
                module: module.map(str::to_owned),
                address,
            });
        }
        self.init = PAIRS.iter().find_map(|(begin, end)| {
            let (begin, end) = (*bounds.get(begin)?, *bounds.get(end)?);
            (begin < end).then_some(begin..end)
        });
    }

    /// What is not known, in words.
    pub fn lacks(&self) -> Vec<&'static str> {
        let known = [
            (!self.all.is_empty(), "what has a symbol"),
            (self.init.is_some(), "what is freed after boot"),
            (self.traceable.is_some(), "what can be traced"),
            (self.blacklist.is_some(), "what is blacklisted"),
            (self.events.is_some(), "the groups of tracepoints"),
        ];
        known
            .into_iter()
            .filter_map(|(known, what)| (!known).then_some(what))
            .collect()
    }

    /// Whether it is freed after boot.
    pub fn is_init(&self, symbol: &Symbol) -> Option<bool> {
        let init = self.init.as_ref()?;
        Some(init.contains(&symbol.address))
    }

    /// Whether no probe may be on it.
    pub fn is_blacklisted(&self, symbol: &Symbol) -> Option<bool> {
        let blacklist = self.blacklist.as_ref()?;
        Some(if symbol.address == 0 || blacklist.ranges.is_empty() {
            blacklist.names.contains(&symbol.name)
        } else {
            let of = |range: &Range<u64>| range.contains(&symbol.address);
            blacklist.ranges.iter().any(of)
        })
    }

    /// Whether ftrace can trace it, perhaps by another name of it: one alone is listed.
    pub fn is_traceable(&self, symbol: &Symbol) -> Option<bool> {
        let by_name = self.traceable(&symbol.name, symbol.module.as_deref())? > 0;
        Some(by_name || self.traced.contains(&symbol.address))
    }

    /// How many functions of this name can be traced.
    pub fn traceable(&self, name: &str, module: Option<&str>) -> Option<usize> {
        let key = (name.to_owned(), module.map(str::to_owned));
        Some(self.traceable.as_ref()?.get(&key).copied().unwrap_or(0))
    }

    /// The groups of the events of this name.
    pub fn groups(&self, name: &str) -> &[String] {
        let of = self.events.as_ref().and_then(|events| events.get(name));
        of.map_or(&[], Vec::as_slice)
    }
}

/// `vfs_read`, or `name [module]`.
fn traceable(text: &str) -> HashMap<(String, Option<String>), usize> {
    let mut counts = HashMap::new();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(name) = words.next() else { continue };
        let module = words.next().map(|word| word.trim_matches(['[', ']']));
        *counts
            .entry((name.to_owned(), module.map(str::to_owned)))
            .or_default() += 1;
    }
    counts
}

/// `0xffffffff81000000-0xffffffff81000010 name`; the addresses are zero to those who may not know them.
fn blacklist(text: &str) -> Blacklist {
    let mut blacklist = Blacklist::default();
    let address = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    for line in text.lines() {
        let mut words = line.split_ascii_whitespace();
        let range = words.next().and_then(|range| range.split_once('-'));
        let Some((Some(start), Some(end))) =
            range.map(|(start, end)| (address(start), address(end)))
        else {
            continue;
        };
        if start < end {
            blacklist.ranges.push(start..end);
        }
        blacklist.names.extend(words.next().map(str::to_owned));
    }
    blacklist
}

/// `group:name`.
fn events(text: &str) -> HashMap<String, Vec<String>> {
    let mut events: HashMap<String, Vec<String>> = HashMap::new();
    for (group, name) in text.lines().filter_map(|line| line.split_once(':')) {
        let groups = events.entry(name.to_owned()).or_default();
        groups.push(group.to_owned());
    }
    events
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// A small kernel, of which the first function of the name `twice` is notrace.
    pub fn symbols() -> Symbols {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();
        write(
            "kallsyms",
            "0000000000001000 T _text\n0000000000001010 T __pfx_vfs_read\n0000000000001020 T vfs_read\n\
             0000000000001040 t twice\n0000000000001060 t twice\n0000000000001080 t do_int3\n\
             00000000000010a0 t quiet\n00000000000010c0 t split.isra.0\n00000000000010e0 t vfs_read.cold\n\
             0000000000001100 D data\n0000000000002000 D __init_begin\n0000000000002010 t start_once\n\
             0000000000003000 D __init_end\n0000000000004000 t probe_it\t[virtio]\n0000000000005000 t x\t[bpf]\n\
             0000000000005010 t ftrace_trampoline\t[__builtin__ftrace]\n",
        );
        write(
            "available_filter_functions",
            "vfs_read\ntwice\nsplit.isra.0\nprobe_it [virtio]\n__ftrace_invalid_address___16\n",
        );
        write(
            "blacklist",
            "0x0000000000001080-0x00000000000010a0\tdo_int3\n",
        );
        write("available_events", "sched:sched_switch\n");
        Symbols::load(directory.path()).unwrap()
    }

    fn symbol<'a>(symbols: &'a Symbols, name: &str) -> &'a Symbol {
        symbols.all.iter().find(|s| s.name == name).unwrap()
    }

    #[test]
    fn symbols_are_those_of_functions() {
        let symbols = symbols();
        let names: Vec<_> = symbols.all.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "_text",
                "vfs_read",
                "twice",
                "twice",
                "do_int3",
                "quiet",
                "split.isra.0",
                "vfs_read.cold",
                "start_once",
                "probe_it"
            ]
        );
        assert_eq!(
            symbol(&symbols, "probe_it").module.as_deref(),
            Some("virtio")
        );
        assert!(symbols.lacks().is_empty());
    }

    #[test]
    fn what_may_be_done_with_them() {
        let symbols = symbols();
        assert_eq!(symbols.traceable("vfs_read", None), Some(1));
        assert_eq!(symbols.traceable("twice", None), Some(1));
        assert_eq!(symbols.traceable("quiet", None), Some(0));
        assert_eq!(symbols.traceable("probe_it", Some("virtio")), Some(1));
        assert_eq!(symbols.traceable("probe_it", None), Some(0));
        let blacklisted = |name| symbols.is_blacklisted(symbol(&symbols, name)).unwrap();
        assert!(blacklisted("do_int3") && !blacklisted("quiet"));
        let init = |name| symbols.is_init(symbol(&symbols, name)).unwrap();
        assert!(init("start_once") && !init("probe_it"));
        assert_eq!(symbols.groups("sched_switch"), ["sched"]);
    }

    #[test]
    fn code_that_is_freed_is_known_by_its_bounds() {
        let init = |text: &str| {
            let mut symbols = Symbols::default();
            symbols.kallsyms(text);
            symbols.init
        };
        let code = "1000 T _sinittext\n2000 T _einittext\n";
        assert_eq!(init(code), Some(0x1000..0x2000));
        let all = format!("{code}1000 D __init_begin\n3000 D __init_end\n");
        assert_eq!(init(&all), Some(0x1000..0x3000));
        assert_eq!(init("0 T _sinittext\n0 T _einittext\n"), None);
    }

    #[test]
    fn without_privileges_little_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let text = "0000000000000000 D __init_begin\n0000000000000000 T vfs_read\n0000000000000000 D __init_end\n";
        fs::write(directory.path().join("kallsyms"), text).unwrap();
        let symbols = Symbols::load(directory.path()).unwrap();
        let vfs_read = symbol(&symbols, "vfs_read");
        assert_eq!(symbols.is_init(vfs_read), None);
        assert_eq!(symbols.is_blacklisted(vfs_read), None);
        assert_eq!(symbols.traceable("vfs_read", None), None);
        assert_eq!(symbols.lacks().len(), 4);
        let blacklist = blacklist("0x0000000000000000-0x0000000000000000\tdo_int3\n");
        assert!(blacklist.ranges.is_empty() && blacklist.names.contains("do_int3"));
    }
}
