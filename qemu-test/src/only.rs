// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which tests are asked for, as `TEST=` has it.

use std::{convert::Infallible, str::FromStr};

/// Tests whose names contain one of these words, or, if there is none, all.
#[derive(Clone, Debug, Default)]
pub struct Only(Vec<String>);

impl FromStr for Only {
    type Err = Infallible;

    fn from_str(words: &str) -> Result<Self, Infallible> {
        Ok(Self(words.split_whitespace().map(str::to_owned).collect()))
    }
}

impl Only {
    pub fn has(&self, name: &str) -> bool {
        self.is_all() || self.0.iter().any(|word| name.contains(word))
    }

    pub fn is_all(&self) -> bool {
        self.0.is_empty()
    }

    /// For a program that takes them like this.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(words: &str, name: &str) -> bool {
        words.parse::<Only>().is_ok_and(|only| only.has(name))
    }

    #[test]
    fn a_name_has_one_of_the_words() {
        assert!(has("", "probe_set"));
        assert!(has(" ", "probe_set"));
        assert!(has("set", "probe_set"));
        assert!(has("map  set", "probe_set"));
        assert!(!has("map stream", "probe_set"));
    }
}
