// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Checks what the tests expect, where the guest has no means to: that JSON is JSON.

use std::{fs, path::Path};

use serde_json::Value;

/// What stands in `script` between `<<'JSON'` and `JSON`.
fn json(script: &str) -> impl Iterator<Item = &str> {
    script
        .split("<<'JSON'\n")
        .skip(1)
        .map(|rest| rest.split_once("\nJSON\n").map_or(rest, |(text, _)| text))
}

#[test]
fn reports_that_tests_expect_are_json() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports.sh");
    let script = fs::read_to_string(script).unwrap();
    let reports: Vec<Value> = json(&script)
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let [report] = &reports[..] else {
        panic!("{} reports", reports.len());
    };
    // What the module has put into it.
    assert_eq!(report["count"], u64::MAX);
    assert_eq!(report["least"], i64::MIN);
    assert_eq!(report["name \"\\\n"], "a\"b\\c\n\u{1b}\u{e9}\u{fffd};");
    assert_eq!(report["text"], "caf\u{e9}\t\"");
    assert_eq!(report["times"][6]["time"], 60_000_000_000_u64);
}
