// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! KTAP, the kernel's test protocol: `Documentation/dev-tools/ktap.rst`.

use std::fmt::Write;

/// What became of one test.
#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    pub verdict: Verdict,
    pub seconds: f64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    /// This kernel has not what it tests.
    Skipped(String),
    Failed(String),
}

impl From<Option<String>> for Verdict {
    /// From why it failed.
    fn from(failure: Option<String>) -> Self {
        failure.map_or(Verdict::Passed, Verdict::Failed)
    }
}

/// One line of KTAP.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Version,
    Plan(usize),
    Result {
        passed: bool,
        name: &'a str,
        /// Why it was skipped.
        skip: Option<&'a str>,
    },
    /// A test has begun: said in a comment by our guest.
    Begin(&'a str),
    Diagnostic(&'a str),
    Other,
}

pub fn parse(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.starts_with("KTAP version ") {
        return Line::Version;
    }
    if let Some(count) = line.strip_prefix("1..") {
        return count.parse().map_or(Line::Other, Line::Plan);
    }
    if let Some(text) = line.strip_prefix('#') {
        let text = text.strip_prefix(' ').unwrap_or(text);
        return text
            .strip_prefix("begin ")
            .map_or(Line::Diagnostic(text), Line::Begin);
    }
    let (passed, rest) = if let Some(rest) = line.strip_prefix("ok ") {
        (true, rest)
    } else if let Some(rest) = line.strip_prefix("not ok ") {
        (false, rest)
    } else {
        return Line::Other;
    };
    match rest.split_once(' ') {
        Some((number, name)) if number.parse::<usize>().is_ok() => {
            let (name, directive) = name.split_once(" # ").unwrap_or((name, ""));
            Line::Result {
                passed,
                name: name.trim_start_matches("- ").trim(),
                skip: directive.strip_prefix("SKIP ").map(str::trim),
            }
        }
        _ => Line::Other,
    }
}

/// Writes all results as one KTAP document.
pub fn write(tests: &[Test]) -> String {
    let mut text = format!("KTAP version 1\n1..{}\n", tests.len());
    for (i, test) in tests.iter().enumerate() {
        let (number, name) = (i + 1, &test.name);
        let _ = match &test.verdict {
            Verdict::Passed => writeln!(text, "ok {number} {name}"),
            Verdict::Skipped(why) => writeln!(text, "ok {number} {name} # SKIP {why}"),
            Verdict::Failed(failure) => {
                for line in failure.lines() {
                    let _ = writeln!(text, "# {line}");
                }
                writeln!(text, "not ok {number} {name}")
            }
        };
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(parse("KTAP version 1"), Line::Version);
        assert_eq!(parse("1..12"), Line::Plan(12));
        assert_eq!(
            parse("ok 3 a_test"),
            Line::Result {
                passed: true,
                name: "a_test",
                skip: None
            }
        );
        assert_eq!(
            parse("ok 5 c # SKIP no livepatch"),
            Line::Result {
                passed: true,
                name: "c",
                skip: Some("no livepatch")
            }
        );
        assert_eq!(
            parse("not ok 4 - b # TIMEOUT"),
            Line::Result {
                passed: false,
                name: "b",
                skip: None
            }
        );
        assert_eq!(parse("# begin a_test"), Line::Begin("a_test"));
        assert_eq!(parse("# expected 1"), Line::Diagnostic("expected 1"));
        assert_eq!(parse("okay"), Line::Other);
        assert_eq!(parse("ok then"), Line::Other);
        assert_eq!(parse(""), Line::Other);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let tests = [
            Test {
                name: "a".into(),
                verdict: Verdict::Skipped("why".into()),
                seconds: 0.1,
            },
            Test {
                name: "b".into(),
                verdict: Verdict::Failed("one\ntwo".into()),
                seconds: 0.2,
            },
        ];
        let text = write(&tests);
        let lines: Vec<_> = text.lines().map(parse).collect();
        assert_eq!(
            lines,
            [
                Line::Version,
                Line::Plan(2),
                Line::Result {
                    passed: true,
                    name: "a",
                    skip: Some("why")
                },
                Line::Diagnostic("one"),
                Line::Diagnostic("two"),
                Line::Result {
                    passed: false,
                    name: "b",
                    skip: None
                },
            ]
        );
    }
}
