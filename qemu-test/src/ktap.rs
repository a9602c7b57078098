// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! KTAP, the kernel's test protocol: `Documentation/dev-tools/ktap.rst`.

use std::fmt::Write;

/// What became of one test.
#[derive(Clone, Debug)]
pub struct Test {
    pub name: String,
    /// Why it failed; nothing if it passed.
    pub failure: Option<String>,
    pub seconds: f64,
}

/// One line of KTAP.
#[derive(Debug, PartialEq, Eq)]
pub enum Line<'a> {
    Version,
    Plan(usize),
    Result {
        passed: bool,
        name: &'a str,
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
            let name = name
                .trim_start_matches("- ")
                .split(" # ")
                .next()
                .unwrap_or(name)
                .trim();
            Line::Result { passed, name }
        }
        _ => Line::Other,
    }
}

/// Writes all results as one KTAP document.
pub fn write(tests: &[Test]) -> String {
    let mut text = format!("KTAP version 1\n1..{}\n", tests.len());
    for (i, test) in tests.iter().enumerate() {
        let mut result = "ok";
        if let Some(failure) = &test.failure {
            result = "not ok";
            for line in failure.lines() {
                let _ = writeln!(text, "# {line}");
            }
        }
        let _ = writeln!(text, "{result} {} {}", i + 1, test.name);
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
                name: "a_test"
            }
        );
        assert_eq!(
            parse("not ok 4 - b # TIMEOUT"),
            Line::Result {
                passed: false,
                name: "b"
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
                failure: None,
                seconds: 0.1,
            },
            Test {
                name: "b".into(),
                failure: Some("one\ntwo".into()),
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
                    name: "a"
                },
                Line::Diagnostic("one"),
                Line::Diagnostic("two"),
                Line::Result {
                    passed: false,
                    name: "b"
                },
            ]
        );
    }
}
