// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What the source of a module declares in `kernel_types!` and `event!`, and which words it uses.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail, Context, Result};
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

/// A module's source, as far as the kernel's types are concerned.
#[derive(Default)]
pub struct Declared {
    pub items: Vec<Item>,
    /// Every identifier in it: members of structs with other names are not followed.
    pub words: HashSet<String>,
    /// What is in each `event!`, and in which file that is.
    pub events: Vec<(PathBuf, TokenStream)>,
    pub files: Vec<PathBuf>,
}

#[derive(Debug, PartialEq, Eq)]
pub struct Item {
    pub kind: Kind,
    pub name: String,
    /// The file and the line, for messages.
    pub place: String,
    /// Parameters that are said to be pointers to user space.
    pub user: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// In the kernel, or in this module.
    Function(Option<String>),
    Syscall,
    /// In the kernel, or in this module.
    Tracepoint(Option<String>),
    Struct,
    Union,
}

/// Reads the root file of a crate, and the files that it leads to.
pub fn read(root: &Path) -> Result<Declared> {
    let mut declared = Declared::default();
    let directory = root.parent().unwrap_or(Path::new("."));
    read_file(root, directory, &mut declared)?;
    Ok(declared)
}

fn read_file(path: &Path, modules_in: &Path, declared: &mut Declared) -> Result<()> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    declared.files.push(path.to_owned());
    let tokens: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| {
        let at = error.span().start();
        anyhow!(
            "{}:{}:{}: error: {error}",
            path.display(),
            at.line,
            at.column + 1
        )
    })?;
    for module in scan(tokens, path, declared)? {
        let directory = module
            .inside
            .iter()
            .fold(modules_in.to_owned(), |d, m| d.join(m));
        let beside = path.parent().unwrap_or(Path::new("."));
        let files = match &module.path {
            Some(given) => vec![beside.join(given)],
            None => vec![
                directory.join(format!("{}.rs", module.name)),
                directory.join(&module.name).join("mod.rs"),
            ],
        };
        // One that is not there is rustc's to complain about; it may be left out by a cfg.
        if let Some(file) = files.iter().find(|file| file.exists()) {
            read_file(file, &directory.join(&module.name), declared)?;
        }
    }
    Ok(())
}

/// A module in a file of its own.
struct Module {
    name: String,
    /// The modules that it is inside of, in the file that declares it.
    inside: Vec<String>,
    /// What `#[path]` says.
    path: Option<String>,
}

/// Collects words and declarations, and returns which modules are in other files.
fn scan(tokens: TokenStream, path: &Path, declared: &mut Declared) -> Result<Vec<Module>> {
    let mut modules: Vec<Module> = Vec::new();
    let mut attribute = None;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (i, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let word = ident.to_string();
                if let ("mod", Some(TokenTree::Ident(name)), Some(TokenTree::Punct(end))) =
                    (word.as_str(), tokens.get(i + 1), tokens.get(i + 2))
                {
                    if end.as_char() == ';' {
                        modules.push(Module {
                            name: name.to_string(),
                            inside: Vec::new(),
                            path: attribute.take(),
                        });
                    }
                }
                declared
                    .words
                    .insert(word.trim_start_matches("r#").to_owned());
            }
            TokenTree::Group(group) => {
                let is_of = |macro_name: &str| {
                    group.delimiter() != Delimiter::None
                        && i >= 2
                        && matches!(&tokens[i - 1], TokenTree::Punct(p) if p.as_char() == '!')
                        && matches!(&tokens[i - 2], TokenTree::Ident(name) if name == macro_name)
                };
                if is_of("kernel_types") {
                    items(group.stream(), path, declared)?;
                } else if is_of("event") {
                    declared.events.push((path.to_owned(), group.stream()));
                }
                let mut inner = scan(group.stream(), path, declared)?;
                if let ([.., TokenTree::Ident(word), TokenTree::Ident(name)], Delimiter::Brace) =
                    (&tokens[..i], group.delimiter())
                {
                    if word == "mod" {
                        for module in &mut inner {
                            module.inside.insert(0, name.to_string());
                        }
                    }
                }
                modules.extend(inner);
                match group.delimiter() {
                    Delimiter::Bracket => attribute = path_of(group.stream()).or(attribute),
                    Delimiter::Brace => attribute = None,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    Ok(modules)
}

/// What `path = "file.rs"` says.
fn path_of(attribute: TokenStream) -> Option<String> {
    let meta: syn::MetaNameValue = syn::parse2(attribute).ok()?;
    match meta.value {
        syn::Expr::Lit(syn::ExprLit {
            lit: syn::Lit::Str(text),
            ..
        }) if meta.path.is_ident("path") => Some(text.value()),
        _ => None,
    }
}

/// `fn vfs_read; fn ext4:ext4_sync_file(buf: user); syscall kill; tracepoint sched_switch; struct file;`
fn items(tokens: TokenStream, path: &Path, declared: &mut Declared) -> Result<()> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for statement in
        tokens.split(|token| matches!(token, TokenTree::Punct(p) if p.as_char() == ';'))
    {
        let Some(first) = statement.first() else {
            continue;
        };
        let wrong = |span: Span, what: &str| {
            anyhow!(
                "{}: error: {what}; in kernel_types! write `fn vfs_read;`, `fn module:function;`, `syscall kill;`, `tracepoint sched_switch;` or `struct file;`",
                place(path, span)
            )
        };
        let kind = first.to_string();
        let user = match statement.last() {
            Some(TokenTree::Group(group)) if kind == "fn" => {
                user(group.stream()).ok_or_else(|| {
                    wrong(
                        group.span(),
                        "all that can be said of a parameter is `(name: user)`",
                    )
                })?
            }
            Some(TokenTree::Group(group)) => {
                return Err(wrong(group.span(), "only functions have parameters here"))
            }
            _ => Vec::new(),
        };
        // The name may have dots, and the module's in front of it.
        let name: String = statement[1..]
            .iter()
            .filter(|token| !matches!(token, TokenTree::Group(_)))
            .map(|token| token.to_string())
            .collect();
        let name = name.replace("r#", "");
        if name.is_empty() {
            return Err(wrong(first.span(), "a name is missing"));
        }
        let (kind, name) = match (kind.as_str(), name.split_once(':')) {
            ("fn", Some((module, function))) => {
                (Kind::Function(Some(module.to_owned())), function.to_owned())
            }
            ("fn", None) => (Kind::Function(None), name),
            ("tracepoint", Some((module, tracepoint))) => {
                let kind = Kind::Tracepoint(Some(module.to_owned()));
                (kind, tracepoint.to_owned())
            }
            ("tracepoint", None) => (Kind::Tracepoint(None), name),
            ("syscall", None) => (Kind::Syscall, name),
            ("struct", None) => (Kind::Struct, name),
            ("union", None) => (Kind::Union, name),
            _ => {
                return Err(wrong(
                    first.span(),
                    &format!("`{kind} {name}` is nothing to declare"),
                ))
            }
        };
        let item = Item {
            kind,
            name,
            place: place(path, statement[1].span()),
            user,
        };
        if declared
            .items
            .iter()
            .any(|other| (&other.kind, &other.name) == (&item.kind, &item.name))
        {
            bail!("{}: error: `{}` is declared twice", item.place, item.name);
        }
        declared.items.push(item);
    }
    Ok(())
}

/// `(buf: user, path: user)`.
fn user(tokens: TokenStream) -> Option<Vec<String>> {
    let text = tokens.to_string();
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            let (name, what) = part.split_once(':')?;
            (what.trim() == "user").then(|| name.trim().trim_start_matches("r#").to_owned())
        })
        .collect()
}

pub fn place(path: &Path, span: Span) -> String {
    let start = span.start();
    format!("{}:{}:{}", path.display(), start.line, start.column + 1)
}
