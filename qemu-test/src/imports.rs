// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Checks that the files of the crate import one another in one direction only: each folder what it may, and no file,
//! over however many others, itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use petgraph::{algo::tarjan_scc, graphmap::DiGraphMap};
use proc_macro2::{TokenStream, TokenTree};
use syn::{
    visit::{self, Visit},
    Item, UseTree,
};

/// What each folder, or file beside the folders, may import. `lib.rs` may import everything.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("bindings", &[]),
    ("text", &[]),
    ("log", &["bindings"]),
    ("errno", &[]),
    ("machine", &["bindings"]),
    ("types", &["bindings", "errno", "log", "machine"]),
    ("place", &["bindings", "errno", "log", "machine", "types"]),
    ("collect", &["bindings", "machine", "text"]),
    ("stream", &["bindings", "errno", "log", "machine"]),
    (
        "report",
        &["bindings", "errno", "log", "machine", "place", "collect"],
    ),
    (
        "trace",
        &["bindings", "text", "errno", "log", "machine", "place"],
    ),
    (
        "probe",
        &[
            "bindings", "errno", "log", "machine", "place", "collect", "trace", "types",
        ],
    ),
    ("later", &["bindings", "errno", "log", "collect", "probe"]),
    (
        "module",
        &[
            "text", "log", "machine", "place", "collect", "stream", "report", "trace", "probe",
            "types", "later",
        ],
    ),
];

/// `place::target` as `["place", "target"]`; the crate's root is empty.
type Module = Vec<String>;

/// What is wrong with the imports of the crate in `directory`, a line each.
pub fn check(directory: &Path) -> Result<Vec<String>> {
    let sources = read(directory, &mut Vec::new())?;
    let mut complaints = Vec::new();
    let mut edges = BTreeSet::new();
    for (module, source) in &sources {
        for path in paths(module, &source.items) {
            let target = resolve(&sources, path);
            let (from, to) = (room(module), room(&target));
            let allowed = MAY_IMPORT
                .iter()
                .find(|(room, _)| *room == from)
                .is_none_or(|(_, may)| from == to || may.contains(&to));
            if !module.is_empty() && !allowed {
                complaints.push(format!(
                    "{} imports {}: {from} must not import {to}",
                    source.file.display(),
                    target.join("::")
                ));
            }
            if *module != target {
                edges.insert((
                    module,
                    sources.get_key_value(&target).map_or(module, |(m, _)| m),
                ));
            }
        }
        if !module.is_empty() && !MAY_IMPORT.iter().any(|(known, _)| *known == room(module)) {
            complaints.push(format!(
                "{}: nothing says what {} may import",
                source.file.display(),
                room(module)
            ));
        }
    }
    let graph: DiGraphMap<&Module, ()> = edges.iter().filter(|(a, b)| a != b).collect();
    for circle in tarjan_scc(&graph).iter().filter(|files| files.len() > 1) {
        let mut names: Vec<_> = circle.iter().map(|module| module.join("::")).collect();
        names.sort();
        complaints.push(format!("these import one another: {}", names.join(", ")));
    }
    complaints.sort();
    complaints.dedup();
    Ok(complaints)
}

struct Source {
    file: PathBuf,
    items: Vec<Item>,
    /// Names that it passes on from its children: the name, and the child.
    exports: BTreeMap<String, String>,
}

fn read(directory: &Path, module: &mut Module) -> Result<BTreeMap<Module, Source>> {
    let mut sources = BTreeMap::new();
    for entry in
        fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))?
    {
        let file = entry?.path();
        let stem = file
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // No part of the crate.
        if module.is_empty() && stem == "compat" {
            continue;
        }
        if file.is_dir() {
            module.push(stem);
            sources.extend(read(&file, module)?);
            module.pop();
            continue;
        }
        if file.extension().is_none_or(|e| e != "rs") || stem.ends_with("_generated") {
            continue;
        }
        let text = fs::read_to_string(&file)?;
        let items = syn::parse_file(&text)
            .with_context(|| format!("cannot parse {}", file.display()))?
            .items;
        let mut module = module.clone();
        if stem != "mod" && stem != "lib" {
            module.push(stem);
        }
        let exports = exports(&items);
        let source = Source {
            file,
            items,
            exports,
        };
        sources.insert(module, source);
    }
    Ok(sources)
}

fn exports(items: &[Item]) -> BTreeMap<String, String> {
    let children: BTreeSet<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Mod(item) if item.content.is_none() => Some(item.ident.to_string()),
            _ => None,
        })
        .collect();
    let mut exports = BTreeMap::new();
    for item in items {
        if let Item::Use(item) = item {
            for path in flatten(&item.tree) {
                if let [child, .., name] = &path[..] {
                    if children.contains(child) {
                        exports.insert(name.clone(), child.clone());
                    }
                }
            }
        }
    }
    exports
}

/// The paths of a `use`.
fn flatten(tree: &UseTree) -> Vec<Vec<String>> {
    match tree {
        UseTree::Path(path) => flatten(&path.tree)
            .into_iter()
            .map(|mut rest| {
                rest.insert(0, path.ident.to_string());
                rest
            })
            .collect(),
        UseTree::Name(name) => vec![vec![name.ident.to_string()]],
        UseTree::Rename(name) => vec![vec![name.ident.to_string()]],
        UseTree::Glob(_) => vec![vec![]],
        UseTree::Group(group) => group.items.iter().flat_map(flatten).collect(),
    }
}

/// All paths in a file that begin with `crate`, `super` or `self`, from the crate's root on.
fn paths(module: &[String], items: &[Item]) -> Vec<Module> {
    let mut collector = Collector {
        module: module.to_vec(),
        found: Vec::new(),
    };
    for item in items {
        collector.visit_item(item);
    }
    collector.found
}

struct Collector {
    module: Module,
    found: Vec<Module>,
}

impl Collector {
    fn add(&mut self, path: &[String]) {
        let mut module = self.module.clone();
        let mut rest = path;
        match path.first().map(String::as_str) {
            Some("crate") => {
                module.clear();
                rest = &path[1..];
            }
            Some("self") => rest = &path[1..],
            Some("super") => {
                while let ["super", ..] = rest.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    module.pop();
                    rest = &rest[1..];
                }
            }
            _ => return,
        }
        module.extend_from_slice(rest);
        self.found.push(module);
    }

    /// `crate::…` in what a macro is called with, which is not parsed. `$crate` is for other crates.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        for (i, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                TokenTree::Ident(ident)
                    if ident == "crate" && (i == 0 || tokens[i - 1].to_string() != "$") =>
                {
                    let path: Vec<_> = tokens[i..]
                        .iter()
                        .map(ToString::to_string)
                        .take_while(|text| text == ":" || text.starts_with(char::is_alphabetic))
                        .filter(|text| text != ":")
                        .collect();
                    // Not the one in pub(crate).
                    if path.len() > 1 {
                        self.add(&path);
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'a> Visit<'a> for Collector {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        for path in flatten(&item.tree) {
            self.add(&path);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        if segments.len() > 1 {
            self.add(&segments);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        self.visit_path(&item.path);
        self.add_tokens(item.tokens.clone());
    }
}

/// The module whose file a path leads to, through what others pass on.
fn resolve(sources: &BTreeMap<Module, Source>, path: Module) -> Module {
    let mut length = path.len();
    while !sources.contains_key(&path[..length]) {
        length -= 1;
    }
    let (module, rest) = path.split_at(length);
    let child = rest
        .first()
        .and_then(|name| sources[module].exports.get(name));
    match child {
        Some(child) => {
            let mut longer = module.to_vec();
            longer.push(child.clone());
            longer.extend_from_slice(rest);
            resolve(sources, longer)
        }
        None => module.to_vec(),
    }
}

fn room(module: &[String]) -> &str {
    module.first().map_or("lib", String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(files: &[(&str, &str)]) -> Vec<String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = directory.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        check(directory.path()).unwrap()
    }

    const LIB: (&str, &str) = ("lib.rs", "mod machine; mod place; pub use place::Target;");
    const PLACE: (&str, &str) = ("place/mod.rs", "mod target; pub use target::Target;");
    const TARGET: (&str, &str) = ("place/target.rs", "pub struct Target;");

    #[test]
    fn what_the_table_allows_is_fine() {
        let log = ("log.rs", "use crate::bindings::x;");
        let bindings = ("bindings.rs", "");
        let target = ("place/target.rs", "use crate::log::y; pub struct Target;");
        assert_eq!(complaints(&[LIB, PLACE, target, log, bindings]), [""; 0]);
    }

    #[test]
    fn upwards_is_not() {
        let machine = ("machine/mod.rs", "fn f() { crate::place::Target::new(); }");
        let found = complaints(&[LIB, PLACE, TARGET, machine]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].ends_with("imports place::target: machine must not import place"),
            "{found:?}"
        );
    }

    #[test]
    fn nor_through_the_root() {
        let machine = ("machine/mod.rs", "use crate::Target;");
        let found = complaints(&[LIB, PLACE, TARGET, machine]);
        assert!(
            found[0].contains("machine must not import place"),
            "{found:?}"
        );
    }

    #[test]
    fn nor_in_a_macro() {
        let machine = (
            "machine/mod.rs",
            "fn f() { print!(\"{}\", crate::place::Target); }",
        );
        let found = complaints(&[LIB, PLACE, TARGET, machine]);
        assert!(
            found[0].contains("machine must not import place"),
            "{found:?}"
        );
    }

    #[test]
    fn nor_in_a_circle() {
        let found = complaints(&[
            LIB,
            (
                "place/mod.rs",
                "mod target; mod symbol; pub use target::Target;",
            ),
            (
                "place/target.rs",
                "use super::symbol::Symbol; pub struct Target;",
            ),
            (
                "place/symbol.rs",
                "mod inner { use crate::place::Target; } pub struct Symbol;",
            ),
        ]);
        assert_eq!(
            found,
            ["these import one another: place::symbol, place::target"]
        );
    }

    #[test]
    fn a_room_that_nobody_knows_is_a_complaint() {
        let found = complaints(&[LIB, ("attic.rs", "")]);
        assert!(
            found[0].ends_with("nothing says what attic may import"),
            "{found:?}"
        );
    }
}
