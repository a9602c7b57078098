// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What only the kernel's headers say: which pointers are to user space, as compilers leave that out of the types; and the
//! prototypes of system calls, which are compiled into functions of one argument.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use regex::Regex;

/// For each of these functions, which parameters of its declarations in headers are `__user`.
pub fn user_parameters(include: &Path, names: &[&str]) -> Result<HashMap<String, Vec<Vec<bool>>>> {
    let mut found: HashMap<String, Vec<Vec<bool>>> = HashMap::new();
    if names.is_empty() {
        return Ok(found);
    }
    // Comments, and what is for the preprocessor.
    let noise = Regex::new(r"(?s)/\*.*?\*/|//[^\n]*|(?m:^[ \t]*#(?:[^\n]*\\\n)*[^\n]*)")?;
    let mut directories = vec![include.join("linux"), include.join("net")];
    while let Some(directory) = directories.pop() {
        let Ok(entries) = fs::read_dir(&directory) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let Ok(text) = fs::read_to_string(&path) else {
                continue;
            };
            if !text.contains("__user") || !names.iter().any(|name| text.contains(name)) {
                continue;
            }
            let text = noise.replace_all(&text, " ");
            for name in names {
                for parameters in declarations(&text, name) {
                    let users = split(parameters)
                        .iter()
                        .map(|p| p.contains("__user"))
                        .collect();
                    found.entry((*name).to_owned()).or_default().push(users);
                }
            }
        }
    }
    Ok(found)
}

/// The parameters of each declaration of a function in a text: what is not behind a type is a call.
fn declarations<'a>(text: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).filter_map(move |(at, _)| {
        let before = text[..at].trim_end();
        let behind = text[at + name.len()..].trim_start();
        let last = before.chars().next_back()?;
        let word = before.rsplit(|c| !is_word(c)).next().unwrap_or_default();
        let is_apart = text[..at].ends_with(|c: char| !is_word(c));
        let is_typed =
            last == '*' || (is_word(last) && !matches!(word, "return" | "else" | "case" | "goto"));
        if !is_apart || !is_typed {
            return None;
        }
        let parameters = behind.strip_prefix('(')?;
        let mut depth = 1;
        let end = parameters.find(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            depth == 0
        })?;
        Some(&parameters[..end])
    })
}

/// Parameters, at the commas that are in no parentheses.
fn split(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

/// A parameter of a system call.
#[derive(Clone)]
pub struct Parameter {
    pub name: String,
    pub of: syn::Type,
}

/// The system calls, as bindgen writes down the kernel's `sys_*`.
pub fn system_calls(path: &Path) -> Result<HashMap<String, Vec<Parameter>>> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let file = syn::parse_file(&text).with_context(|| path.display().to_string())?;
    let mut calls = HashMap::new();
    for item in file.items {
        let syn::Item::ForeignMod(block) = item else {
            continue;
        };
        for item in block.items {
            let syn::ForeignItem::Fn(function) = item else {
                continue;
            };
            let name = function.sig.ident.to_string();
            let Some(name) = name.strip_prefix("sys_") else {
                continue;
            };
            let mut parameters = Vec::new();
            for (n, input) in function.sig.inputs.into_iter().enumerate() {
                let syn::FnArg::Typed(input) = input else {
                    continue;
                };
                let name = match &*input.pat {
                    syn::Pat::Ident(pattern) => pattern.ident.to_string().replace("r#", ""),
                    _ => format!("arg{n}"),
                };
                // bindgen counts those without a name from 1.
                let name = if name == format!("arg{}", n + 1) {
                    format!("arg{n}")
                } else {
                    name
                };
                parameters.push(Parameter {
                    name,
                    of: *input.ty,
                });
            }
            calls.insert(name.to_owned(), parameters);
        }
    }
    Ok(calls)
}

/// The file with the types of a module, among these files and in these directories: the module itself, or raw BTF.
pub fn module(paths: &[PathBuf], name: &str) -> Option<PathBuf> {
    // A module's file may have dashes where its name has underscores.
    let is_it = |path: &Path| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let extension = path.extension().unwrap_or_default();
        stem.replace('-', "_") == name
            && (extension == "ko" || extension == "btf" || extension.is_empty())
    };
    let mut directories: Vec<PathBuf> = Vec::new();
    for path in paths {
        if path.is_dir() {
            directories.push(path.clone());
        } else if is_it(path) {
            return Some(path.clone());
        }
    }
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(&directory).ok()?.flatten() {
            // Links lead round in circles.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                directories.push(entry.path());
            } else if is_it(&entry.path()) {
                return Some(entry.path());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_are_told_from_calls() {
        let text = "ssize_t f(struct file *, char __user *);\nstatic inline int g(int n) { return f(n); }\n\
                    extern void *f (int (*callback)(int), long);\nint x = f(1, 2); my_f(3);";
        let found: Vec<_> = declarations(text, "f").collect();
        assert_eq!(
            found,
            ["struct file *, char __user *", "int (*callback)(int), long"]
        );
    }

    #[test]
    fn parameters_are_split_at_their_commas() {
        assert_eq!(split("int a, int (*f)(int, int), char __user *b").len(), 3);
    }
}
