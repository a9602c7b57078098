// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What can be probed and traced: functions with their prototypes, where they are in the source, and what stands in the
//! way; tracepoints with their arguments. [`List`] is what is printed with `FORMAT=json`.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{bail, Context, Result};
use clap::Args;
use serde::Serialize;

use crate::{
    btf::Btf,
    dwarf::{Source, Sources},
    names::{self, Pattern},
    symbols::Symbols,
};

#[derive(Args)]
pub struct Arguments {
    /// What the kernel is called.
    #[arg(long)]
    kernel: String,
    /// What `uname -r` says there.
    #[arg(long)]
    release: Option<String>,
    /// The kernel's types: vmlinux, an image, or /sys/kernel/btf/vmlinux.
    #[arg(long)]
    btf: Option<PathBuf>,
    /// A directory with the types of modules, a file each.
    #[arg(long)]
    btf_modules: Option<PathBuf>,
    /// A directory with what the running kernel knows: its kallsyms, available_filter_functions, blacklist,
    /// available_events.
    #[arg(long)]
    symbols: Option<PathBuf>,
    /// The kernel's debug file.
    #[arg(long)]
    debug: Option<PathBuf>,
    /// Where to keep what was found in debug files.
    #[arg(long)]
    cache: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// The functions, as a pattern.
    #[arg(long)]
    function: Option<String>,
    /// The tracepoints, as a pattern: of names, or of group:name.
    #[arg(long)]
    tracepoint: Option<String>,
}

/// What is printed as JSON. Whatever is not known is null.
#[derive(Serialize)]
struct List<'a> {
    /// As `KERNEL=` calls it, or the release.
    kernel: &'a str,
    /// Sorted by name, and then by module.
    functions: Vec<Function>,
    /// Sorted by group and name.
    tracepoints: Vec<Tracepoint>,
    /// What is not known of any, in words.
    unknown: Vec<&'static str>,
}

/// All functions of one name in the kernel, or in one module.
#[derive(Default, Serialize)]
struct Function {
    name: String,
    /// Null for the kernel itself.
    module: Option<String>,
    /// In C. None if the kernel has no type for it, as for assembly; several if functions of this name differ.
    prototypes: Vec<String>,
    /// Where it is defined. Null without a debug file.
    sources: Option<Vec<Source>>,
    /// How many functions of this name have a symbol.
    count: Option<usize>,
    /// How many of these ftrace can trace.
    traceable: Option<usize>,
    /// How many of these a probe may be on.
    probeable: Option<usize>,
    /// How many of these must not be probed.
    blacklisted: Option<usize>,
    /// How many of these are freed after boot.
    init: Option<usize>,
    /// The compiler's clones and parts of it, such as `foo.isra.0` and `foo.cold`.
    clones: Vec<String>,
    /// All that in words.
    verdict: String,
}

#[derive(Serialize)]
struct Tracepoint {
    name: String,
    /// Null for the kernel itself.
    module: Option<String>,
    /// That of its event. Null if it has none, or if events are not known.
    group: Option<String>,
    /// Of a probe, in C, without the parameter that is the probe's own.
    prototype: String,
}

/// All that is known of a kernel.
struct Facts {
    /// The types of the kernel itself, if it has any, and of its modules.
    btfs: Vec<(Option<String>, Btf)>,
    symbols: Option<Symbols>,
    sources: Option<Sources>,
}

pub fn run(arguments: &Arguments) -> Result<()> {
    let facts = Facts::load(arguments)?;
    let mut list = List {
        kernel: &arguments.kernel,
        functions: Vec::new(),
        tracepoints: Vec::new(),
        unknown: match &facts.symbols {
            Some(symbols) => symbols.lacks(),
            None => Symbols::default().lacks(),
        },
    };
    if let Some(pattern) = &arguments.function {
        list.functions = facts.functions(&Pattern::new(pattern)?)?;
        if list.functions.is_empty() {
            bail!("{}", facts.no_function(pattern, &arguments.kernel)?);
        }
    }
    if let Some(pattern) = &arguments.tracepoint {
        list.tracepoints = facts.tracepoints(pattern)?;
        if list.tracepoints.is_empty() {
            bail!("{}", facts.no_tracepoint(pattern, &arguments.kernel)?);
        }
    }
    if !list.unknown.is_empty() {
        let unknown = list.unknown.join(", ");
        match facts.symbols {
            Some(_) => eprintln!("rprobes: note: not known here, as only root is told, and tracefs and debugfs must be mounted: {unknown}"),
            None => eprintln!(
                "rprobes: note: only the running kernel knows {unknown}, and {} is not running",
                arguments.kernel
            ),
        }
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    let printed = if arguments.json {
        serde_json::to_writer_pretty(&mut out, &list)
            .map_err(io::Error::from)
            .and_then(|()| writeln!(out))
    } else {
        list.print(&mut out)
    };
    match printed.and_then(|()| out.flush()) {
        // As of "make list | head".
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}

impl Facts {
    fn load(arguments: &Arguments) -> Result<Self> {
        let mut btfs = Vec::new();
        if let Some(path) = &arguments.btf {
            let kernel = Btf::load(path)?;
            if let Some(directory) = &arguments.btf_modules {
                for (name, path) in modules(directory)? {
                    // That of a module that is just being loaded may not be whole.
                    if let Ok(module) = kernel.load_module(&path) {
                        btfs.push((Some(name), module));
                    }
                }
            }
            btfs.insert(0, (None, kernel));
        }
        let cache = arguments.cache.as_deref();
        let sources =
            match (&arguments.debug, &arguments.btf) {
                (Some(path), _) => {
                    let found = Sources::load(path, cache)?;
                    Some(found.with_context(|| {
                        format!("{}: no debug information (DWARF)", path.display())
                    })?)
                }
                // A vmlinux of one's own may have it.
                (None, Some(path)) => Sources::load(path, cache)?,
                (None, None) => None,
            };
        let release = sources.as_ref().and_then(|found| found.release.as_ref());
        if let (Some(found), Some(wanted)) = (release, &arguments.release) {
            if found != wanted {
                bail!("rprobes: the debug file is of Linux {found}, not of {wanted}");
            }
        }
        let symbols = arguments
            .symbols
            .as_deref()
            .map(Symbols::load)
            .transpose()?;
        Ok(Self {
            btfs,
            symbols,
            sources,
        })
    }

    fn functions(&self, pattern: &Pattern) -> Result<Vec<Function>> {
        let mut functions: BTreeMap<(String, Option<String>), Function> = BTreeMap::new();
        let mut add = |name: &str, module: &Option<String>| {
            let key = (name.to_owned(), module.clone());
            functions.entry(key).or_insert_with(|| Function {
                name: name.to_owned(),
                module: module.clone(),
                ..Function::default()
            });
        };
        for symbol in self.symbols.iter().flat_map(|symbols| &symbols.all) {
            let name = names::cloned(&symbol.name).unwrap_or(&symbol.name);
            if pattern.matches(name) || pattern.matches(&symbol.name) {
                add(name, &symbol.module);
            }
        }
        for (module, btf) in &self.btfs {
            for name in btf.function_names()? {
                if pattern.matches(&name) {
                    add(&name, module);
                }
            }
        }
        for name in self.sources.iter().flat_map(|s| s.functions.keys()) {
            if pattern.matches(name) {
                add(name, &None);
            }
        }
        if let Some(symbols) = self.symbols.as_ref().filter(|s| !s.all.is_empty()) {
            count(symbols, &mut functions);
        }
        let mut functions: Vec<_> = functions.into_values().collect();
        for function in &mut functions {
            for (_, btf) in self.btfs.iter().filter(|(m, _)| *m == function.module) {
                function.prototypes = btf.own_prototypes(&function.name)?;
            }
            if function.module.is_none() {
                function.sources = self.sources.as_ref().map(|sources| {
                    let found = sources.functions.get(&function.name);
                    found.cloned().unwrap_or_default()
                });
            }
            function.verdict = function.verdict();
        }
        Ok(functions)
    }

    fn tracepoints(&self, pattern: &str) -> Result<Vec<Tracepoint>> {
        let with_group = pattern.contains(':');
        let known = |symbols: &Symbols| !symbols.lacks().contains(&"the groups of tracepoints");
        if with_group && !self.symbols.as_ref().is_some_and(known) {
            bail!("rprobes: TRACEPOINT='{pattern}': the groups are not known here; give the name alone, without a colon");
        }
        let pattern = Pattern::new(pattern)?;
        let mut tracepoints = Vec::new();
        for (module, btf) in &self.btfs {
            for name in btf.tracepoint_names()? {
                let groups = self.symbols.as_ref().map_or(&[][..], |s| s.groups(&name));
                let mut add = |group: Option<&String>| -> Result<()> {
                    if let Some(prototype) = btf.tracepoint_prototype(&name)? {
                        tracepoints.push(Tracepoint {
                            name: name.clone(),
                            module: module.clone(),
                            group: group.cloned(),
                            prototype,
                        });
                    }
                    Ok(())
                };
                if with_group {
                    for group in groups {
                        if pattern.matches(&format!("{group}:{name}")) {
                            add(Some(group))?;
                        }
                    }
                } else if pattern.matches(&name) {
                    add(groups.first())?;
                }
            }
        }
        tracepoints.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
        tracepoints
            .dedup_by(|a, b| (&a.group, &a.name, &a.module) == (&b.group, &b.name, &b.module));
        Ok(tracepoints)
    }

    fn no_function(&self, pattern: &str, kernel: &str) -> Result<String> {
        let mut all = Vec::new();
        for (_, btf) in &self.btfs {
            all.extend(btf.function_names()?);
        }
        let symbols = self.symbols.iter().flat_map(|symbols| &symbols.all);
        let of_symbols = symbols.map(|symbol| symbol.name.as_str());
        let of_sources = self.sources.iter().flat_map(|s| s.functions.keys());
        let names = all.iter().map(String::as_str).chain(of_symbols);
        let names = names.chain(of_sources.map(String::as_str));
        let near = did_you_mean(&Pattern::new(pattern)?.near(names));
        let hint = match self.sources {
            None => {
                "; one that is inlined everywhere is known with DEBUG=, the kernel's debug file"
            }
            Some(_) => "",
        };
        Ok(format!(
            "rprobes: {kernel} has no function '{pattern}'{near}{hint}"
        ))
    }

    fn no_tracepoint(&self, pattern: &str, kernel: &str) -> Result<String> {
        let mut all = Vec::new();
        for (_, btf) in &self.btfs {
            for name in btf.tracepoint_names()? {
                if pattern.contains(':') {
                    let groups = self.symbols.as_ref().map_or(&[][..], |s| s.groups(&name));
                    all.extend(groups.iter().map(|group| format!("{group}:{name}")));
                } else {
                    all.push(name);
                }
            }
        }
        let near = did_you_mean(&Pattern::new(pattern)?.near(all.iter().map(String::as_str)));
        let hint = if self.btfs.is_empty() {
            "; tracepoints are known by the kernel's types (BTF), and it has none"
        } else {
            ""
        };
        Ok(format!(
            "rprobes: {kernel} has no tracepoint '{pattern}'{near}{hint}"
        ))
    }
}

/// Counts the symbols of each function, and those that something can be done with.
fn count(symbols: &Symbols, functions: &mut BTreeMap<(String, Option<String>), Function>) {
    for function in functions.values_mut() {
        function.count = Some(0);
    }
    let some = |what: Option<bool>, count: &mut Option<usize>| {
        if let Some(what) = what {
            *count = Some(count.unwrap_or(0) + usize::from(what));
        }
    };
    for symbol in &symbols.all {
        let name = names::cloned(&symbol.name).unwrap_or(&symbol.name);
        let Some(function) = functions.get_mut(&(name.to_owned(), symbol.module.clone())) else {
            continue;
        };
        if name != symbol.name {
            function.clones.push(symbol.name.clone());
            continue;
        }
        let (init, blacklisted) = (symbols.is_init(symbol), symbols.is_blacklisted(symbol));
        function.count = function.count.map(|count| count + 1);
        some(init, &mut function.init);
        some(blacklisted, &mut function.blacklisted);
        some(symbols.is_traceable(symbol), &mut function.traceable);
        let probeable = init.zip(blacklisted).map(|(init, black)| !init && !black);
        some(probeable, &mut function.probeable);
    }
    // Of several of one name, ftrace tells how many, but not which.
    for function in functions.values_mut().filter(|f| f.count > Some(1)) {
        let traceable = symbols.traceable(&function.name, function.module.as_deref());
        if traceable > Some(0) {
            function.traceable = traceable;
        }
    }
}

impl Function {
    fn verdict(&self) -> String {
        let has_code = self.sources.iter().flatten().any(|s| s.has_code);
        // Without symbols, the debug file knows.
        let count = self.count.unwrap_or(usize::from(has_code));
        let mut words = match self.count {
            None if has_code || self.inlined() == 0 => Vec::new(),
            None | Some(0) => vec![self.why_no_symbol()],
            Some(1) => self.of_one(),
            Some(count) => self.of_several(count),
        };
        let whole = self.clones_in_text();
        if count > 0 && !whole.is_empty() {
            words.push(format!("a probe misses its clone {whole}"));
        }
        let inlined = self.inlined();
        if count > 0 && inlined > 0 {
            words.push(format!(
                "also inlined at {}, which a probe misses",
                places(inlined)
            ));
        }
        words.join("; ")
    }

    /// Without what is only a part, of code that is hardly ever reached.
    fn clones_in_text(&self) -> String {
        let clones = self.clones.iter().map(String::as_str);
        let whole: Vec<_> = clones.filter(|name| !name.ends_with(".cold")).collect();
        whole.join(", ")
    }

    fn inlined(&self) -> usize {
        self.sources.iter().flatten().map(|s| s.inlined).sum()
    }

    fn why_no_symbol(&self) -> String {
        let clones = self.clones_in_text();
        if !clones.is_empty() {
            return format!(
                "only a clone of the compiler's, which is probed by its own name: {clones}"
            );
        }
        match (&self.sources, self.inlined()) {
            (Some(_), n) if n > 0 => format!("no symbol: inlined everywhere, at {}", places(n)),
            (Some(_), _) => "no symbol".to_owned(),
            (None, _) => "no symbol: inlined, or not in the image".to_owned(),
        }
    }

    fn of_one(&self) -> Vec<String> {
        if self.init == Some(1) {
            return vec!["not probeable: __init, freed after boot".to_owned()];
        }
        let traceable = match self.traceable {
            Some(0) if self.prototypes.is_empty() => Some("not traceable (notrace, or assembly)"),
            Some(0) => Some("not traceable (notrace)"),
            Some(_) => Some("traceable"),
            None => None,
        };
        let probeable = match (self.blacklisted, self.probeable) {
            (Some(1), _) => Some("not probeable (blacklisted)"),
            (_, Some(1)) => Some("probeable"),
            _ => None,
        };
        let known: Vec<_> = traceable.into_iter().chain(probeable).collect();
        if known.is_empty() {
            Vec::new()
        } else {
            vec![known.join(", ")]
        }
    }

    fn of_several(&self, count: usize) -> Vec<String> {
        let counts = [
            (self.traceable, "traceable", true),
            (self.probeable, "probeable", true),
            (self.blacklisted, "blacklisted", false),
            (self.init, "__init, freed after boot", false),
        ];
        let counts: Vec<_> = counts
            .into_iter()
            .filter_map(|(n, what, even_none)| {
                let n = n.filter(|n| even_none || *n > 0)?;
                Some(format!("{n} {what}"))
            })
            .collect();
        let mut text = format!("{count} functions of this name");
        if !counts.is_empty() {
            text = format!("{text}: {}", counts.join(", "));
        }
        vec![text]
    }
}

impl List<'_> {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for function in &self.functions {
            let module = match &function.module {
                Some(module) => format!(" [{module}]"),
                None => String::new(),
            };
            if function.prototypes.is_empty() {
                writeln!(out, "{}{module}", function.name)?;
            }
            for prototype in &function.prototypes {
                writeln!(out, "{prototype}{module}")?;
            }
            let sources = function.sources.iter().flatten();
            let mut details: Vec<_> = sources
                .map(|source| format!("{}:{}", source.file, source.line))
                .collect();
            if details.len() > MOST_SOURCES {
                let more = details.len() - MOST_SOURCES;
                details.truncate(MOST_SOURCES);
                details.push(format!("and {more} more"));
            }
            let sources = details.join(", ");
            let untyped = if function.prototypes.is_empty() && function.count > Some(0) {
                "no prototype known"
            } else {
                ""
            };
            let details = [sources.as_str(), &function.verdict, untyped];
            let details: Vec<_> = details
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect();
            if !details.is_empty() {
                writeln!(out, "\t{}", details.join("; "))?;
            }
        }
        for tracepoint in &self.tracepoints {
            let group = match &tracepoint.group {
                Some(group) => format!("{group}:"),
                None => String::new(),
            };
            let module = match &tracepoint.module {
                Some(module) => format!(" [{module}]"),
                None => String::new(),
            };
            let prototype = tracepoint.prototype.trim_start_matches("void ");
            writeln!(out, "{group}{prototype}{module}")?;
        }
        Ok(())
    }
}

/// How many definitions are printed.
const MOST_SOURCES: usize = 3;

fn places(n: usize) -> String {
    match n {
        1 => "1 place".to_owned(),
        n => format!("{n} places"),
    }
}

fn did_you_mean(near: &[&str]) -> String {
    match near {
        [] => String::new(),
        near => format!("; near: {}", near.join(", ")),
    }
}

/// The files of a directory such as /sys/kernel/btf, without that of the kernel itself.
fn modules(directory: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = directory
        .read_dir()
        .with_context(|| directory.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name != "vmlinux" {
            found.push((name.into_owned(), path));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbols::tests::symbols;

    fn list(pattern: &str, sources: Option<Sources>) -> Vec<Function> {
        let facts = Facts {
            btfs: Vec::new(),
            symbols: Some(symbols()),
            sources,
        };
        facts.functions(&Pattern::new(pattern).unwrap()).unwrap()
    }

    fn verdict(name: &str) -> String {
        let mut found = list(name, None);
        assert_eq!(found.len(), 1, "{name}");
        found.remove(0).verdict
    }

    fn sources(name: &str, inlined: usize, has_code: bool) -> Sources {
        let source = Source {
            file: "fs/x.c".to_owned(),
            line: 3,
            inlined,
            has_code,
        };
        let mut sources = Sources::default();
        sources.functions.insert(name.to_owned(), vec![source]);
        sources
    }

    #[test]
    fn each_state_in_words() {
        assert_eq!(verdict("vfs_read"), "traceable, probeable");
        assert_eq!(
            verdict("twice"),
            "2 functions of this name: 1 traceable, 2 probeable"
        );
        assert_eq!(
            verdict("do_int3"),
            "not traceable (notrace, or assembly), not probeable (blacklisted)"
        );
        assert_eq!(
            verdict("quiet"),
            "not traceable (notrace, or assembly), probeable"
        );
        assert_eq!(
            verdict("start_once"),
            "not probeable: __init, freed after boot"
        );
        assert_eq!(
            verdict("split"),
            "only a clone of the compiler's, which is probed by its own name: split.isra.0"
        );
        assert_eq!(verdict("split.isra.0"), verdict("split"));
        assert_eq!(verdict("probe_it"), "traceable, probeable");
    }

    #[test]
    fn a_pattern_lists_each_name_once() {
        let names: Vec<_> = list("[tv]*", None).into_iter().map(|f| f.name).collect();
        assert_eq!(names, ["twice", "vfs_read"]);
        assert!(list("nothing", None).is_empty());
    }

    #[test]
    fn a_function_that_is_inlined() {
        let found = list("gone", Some(sources("gone", 12, false)));
        assert_eq!(
            found[0].verdict,
            "no symbol: inlined everywhere, at 12 places"
        );
        let found = list("vfs_read", Some(sources("vfs_read", 1, true)));
        assert_eq!(
            found[0].verdict,
            "traceable, probeable; also inlined at 1 place, which a probe misses"
        );
        // By its debug file alone.
        let verdict = |has_code| {
            let facts = Facts {
                btfs: Vec::new(),
                symbols: None,
                sources: Some(sources("f", 2, has_code)),
            };
            let found = facts.functions(&Pattern::new("f").unwrap()).unwrap();
            found[0].verdict.clone()
        };
        assert_eq!(
            verdict(true),
            "also inlined at 2 places, which a probe misses"
        );
        assert_eq!(verdict(false), "no symbol: inlined everywhere, at 2 places");
    }

    #[test]
    fn json_has_the_counts() {
        let found = serde_json::to_value(list("twice", None)).unwrap();
        assert_eq!(found[0]["count"], 2);
        assert_eq!(found[0]["traceable"], 1);
        assert_eq!(found[0]["module"], serde_json::Value::Null);
        assert_eq!(found[0]["sources"], serde_json::Value::Null);
    }

    #[test]
    fn nothing_found_names_what_is_near() {
        let facts = Facts {
            btfs: Vec::new(),
            symbols: Some(symbols()),
            sources: None,
        };
        let line = facts.no_function("vfs_raed", "debian-7.3").unwrap();
        assert!(
            line.starts_with("rprobes: debian-7.3 has no function 'vfs_raed'; near: vfs_read"),
            "{line}"
        );
    }
}
