// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Names: those that a pattern means, those that a wrong one may have meant, and those that the compiler makes up.

use anyhow::{Context, Result};
use regex::Regex;

/// A pattern as the shell has them, with `*`, `?` and `[…]`. It is for the whole name.
pub struct Pattern {
    text: String,
    regex: Regex,
}

impl Pattern {
    pub fn new(text: &str) -> Result<Self> {
        let mut regex = String::from("^(?:");
        let mut in_class = false;
        let mut last = ' ';
        for c in text.chars() {
            match c {
                '*' if !in_class => regex.push_str(".*"),
                '?' if !in_class => regex.push('.'),
                '[' if !in_class => {
                    in_class = true;
                    regex.push('[');
                }
                '!' if in_class && last == '[' => regex.push('^'),
                ']' if in_class => {
                    in_class = false;
                    regex.push(']');
                }
                '-' if in_class => regex.push('-'),
                c => regex.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
            last = c;
        }
        regex.push_str(")$");
        let regex = Regex::new(&regex)
            .ok()
            .with_context(|| format!("'{text}' is no pattern; write it as for the shell: vfs_*"))?;
        Ok(Self {
            text: text.to_owned(),
            regex,
        })
    }

    pub fn matches(&self, name: &str) -> bool {
        self.regex.is_match(name)
    }

    /// Names that may have been meant, the nearest first.
    pub fn near<'a>(&self, names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
        let wanted: String = self.text.chars().filter(|c| !"*?[]".contains(*c)).collect();
        let begins = self.text.ends_with('*');
        let beginning = begins.then_some(wanted.len());
        nearest(&wanted, beginning, names)
    }
}

/// Up to three names that differ from the wanted one by few mistakes, the nearest first. Of `beginning`, only so many letters of
/// each are compared.
pub fn nearest<'a>(
    wanted: &str,
    beginning: Option<usize>,
    names: impl Iterator<Item = &'a str>,
) -> Vec<&'a str> {
    let most = 1 + wanted.len() / 8;
    let mut near: Vec<_> = names
        .filter_map(|name| {
            let part = beginning.and_then(|len| name.get(..len)).unwrap_or(name);
            (part.len().abs_diff(wanted.len()) <= most)
                .then(|| (strsim::osa_distance(wanted, part), name))
        })
        .filter(|(distance, _)| *distance <= most)
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().map(|(_, name)| name).take(3).collect()
}

/// The function that `name` is a clone of, or a part: the compiler's `foo.isra.0`, `foo.constprop.0`, `foo.part.0`,
/// `foo.cold`.
pub fn cloned(name: &str) -> Option<&str> {
    name.split_once('.')
        .map(|(function, _)| function)
        .filter(|function| !function.is_empty())
}

/// Whether a symbol is no function, though it is among the code: padding in front of one, and labels.
pub fn is_label(name: &str) -> bool {
    name.starts_with("__pfx_") || name.starts_with("__cfi_") || name.starts_with('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(name)
    }

    #[test]
    fn patterns_are_those_of_the_shell() {
        assert!(matches("vfs_*", "vfs_read"));
        assert!(matches("vfs_rea?", "vfs_read"));
        assert!(matches("vfs_[rw]*", "vfs_write"));
        assert!(matches("vfs_[!r]*", "vfs_write"));
        assert!(matches("vfs_[a-w]ead", "vfs_read"));
        assert!(!matches("vfs_[!r]*", "vfs_read"));
        assert!(!matches("vfs", "vfs_read"));
        assert!(!matches("read", "vfs_read"));
        assert!(!matches("vfs.read", "vfs_read"));
        assert!(matches("sched:*", "sched:sched_switch"));
        assert!(Pattern::new("vfs_[").is_err());
    }

    #[test]
    fn near_names_are_those_with_few_mistakes() {
        let names = ["vfs_read", "vfs_readv", "vfs_write", "kernel_clone"];
        let near = |pattern: &str| Pattern::new(pattern).unwrap().near(names.into_iter());
        assert_eq!(near("vfs_raed"), ["vfs_read", "vfs_readv"]);
        assert_eq!(near("kernel_clon"), ["kernel_clone"]);
        assert_eq!(near("vfs_raed*"), ["vfs_read", "vfs_readv"]);
        assert!(near("nothing_like_it").is_empty());
    }

    #[test]
    fn clones_are_those_of_a_function() {
        assert_eq!(cloned("foo.isra.0"), Some("foo"));
        assert_eq!(cloned("foo.constprop.0.isra.1"), Some("foo"));
        assert_eq!(cloned("foo.cold"), Some("foo"));
        assert_eq!(cloned("foo"), None);
        assert_eq!(cloned(".slowpath"), None);
    }

    #[test]
    fn labels_are_no_functions() {
        assert!(is_label("__pfx_vfs_read"));
        assert!(is_label(".E_copy"));
        assert!(!is_label("vfs_read"));
    }
}
