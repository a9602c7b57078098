// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What `make list` says.

use std::{fs, process::Command};

use anyhow::{ensure, Context, Result};
use serde_json::Value;

use crate::host_tests::Host;

/// "make list" as a program reads it.
fn list(host: &Host<'_>, arguments: &[&str]) -> Result<Value> {
    let output = Command::new("make")
        .args(["-s", "list", "FORMAT=json"])
        .args(arguments)
        .current_dir(host.repo)
        .env("KERNEL", &host.kernel.name)
        .output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "make list {arguments:?}: {errors}");
    serde_json::from_slice(&output.stdout)
        .with_context(|| format!("make list {arguments:?} {}", output.status))
}

/// What is said of this function alone, with the counts of it, of those that can be traced, and that can be probed.
fn function(host: &Host<'_>, name: &str, counts: [u64; 3]) -> Result<String> {
    let found = list(host, &[&format!("FUNCTION={name}")])?;
    let functions = found["functions"].as_array();
    let functions = functions.context("there is a list of functions")?;
    ensure!(
        functions.len() == 1 && functions[0]["name"] == name,
        "one function {name}: {found:#}"
    );
    let found = &functions[0];
    let said = ["count", "traceable", "probeable"].map(|key| found[key].as_u64());
    ensure!(
        said == counts.map(Some),
        "{name} should have {counts:?}: {found:#}"
    );
    Ok(found["verdict"].as_str().unwrap_or_default().to_owned())
}

pub fn functions_are_listed_with_their_prototypes(host: &Host<'_>) -> Result<()> {
    let (ok, text) = host.make(host.repo, &["list", "FUNCTION=vfs_rea*"])?;
    let wanted = "ssize_t vfs_read(struct file *file, char *buf, size_t count, loff_t *pos)\n\ttraceable, probeable\n";
    ensure!(
        ok && text.contains(wanted) && text.contains(" vfs_readv(") && !text.contains("vfs_write"),
        "vfs_rea*: {text}"
    );
    function(host, "vfs_read", [1, 1, 1])?;
    Ok(())
}

pub fn functions_are_listed_with_what_stands_in_the_way(host: &Host<'_>) -> Result<()> {
    for (name, counts, wanted) in [
        ("do_int3", [1, 1, 0], "not probeable (blacklisted)"),
        (
            "exc_int3",
            [1, 0, 0],
            "not traceable (notrace), not probeable (blacklisted)",
        ),
        (
            "ktime_get_mono_fast_ns",
            [1, 0, 1],
            "not traceable (notrace), probeable",
        ),
        ("start_kernel", [1, 0, 0], "__init, freed after boot"),
    ] {
        let said = function(host, name, counts)?;
        ensure!(said.contains(wanted), "{name}: {said}");
    }
    // Static ones in several files.
    let found = list(host, &["FUNCTION=type_show"])?;
    let found = &found["functions"][0];
    let count = found["count"].as_u64().unwrap_or(0);
    ensure!(
        count > 5 && found["traceable"] == count && found["probeable"] == count,
        "type_show: {found:#}"
    );
    Ok(())
}

pub fn tracepoints_are_listed(host: &Host<'_>) -> Result<()> {
    for pattern in ["sched_switch", "sched:sched_switch"] {
        let found = list(host, &[&format!("TRACEPOINT={pattern}")])?;
        let found = &found["tracepoints"];
        let prototype = found[0]["prototype"].as_str().unwrap_or_default();
        ensure!(
            found.as_array().is_some_and(|all| all.len() == 1)
                && found[0]["group"] == "sched"
                && prototype.starts_with("void sched_switch(bool preempt, struct task_struct *prev, struct task_struct *next"),
            "{pattern}: {found:#}"
        );
    }
    Ok(())
}

pub fn nothing_to_list_is_said_in_one_line(host: &Host<'_>) -> Result<()> {
    host.refused(
        &["list", "FUNCTION=vfs_raed"],
        &["no function 'vfs_raed'", "vfs_read", "DEBUG="],
    )?;
    host.refused(
        &["list", "TRACEPOINT=sched:sched_swich"],
        &["no tracepoint", "near: sched:sched_switch"],
    )?;
    host.refused(&["list"], &["make list FUNCTION='vfs_*'"])?;
    host.refused(
        &["list", "FUNCTION=vfs_read", "FORMAT=xml"],
        &["FORMAT=xml", "json"],
    )?;
    host.refused(
        &["list", "FUNCTION=vfs_read", "DEBUG=/nothing"],
        &["DEBUG=/nothing cannot be read"],
    )
}

/// This machine is another kernel's, and little is known in the build root; but its types are.
pub fn kdir_of_another_kernel_has_types(host: &Host<'_>) -> Result<()> {
    let parent = tempfile::tempdir()?;
    let generated = parent.path().join("include/generated");
    fs::create_dir_all(&generated)?;
    fs::write(
        generated.join("utsrelease.h"),
        "#define UTS_RELEASE \"6.6.6\"\n",
    )?;
    let kdir = format!("KDIR={}", parent.path().display());
    host.refused(
        &["list", "FUNCTION=vfs_read", &kdir],
        &["has no vmlinux", "linux-image-6.6.6"],
    )?;
    fs::copy(
        host.kernel.build.join("vmlinux"),
        parent.path().join("vmlinux"),
    )?;
    let found = list(host, &["FUNCTION=vfs_read", &kdir])?;
    let function = &found["functions"][0];
    let prototype = function["prototypes"][0].as_str().unwrap_or_default();
    ensure!(
        found["kernel"] == "6.6.6"
            && prototype.starts_with("ssize_t vfs_read(")
            && function["traceable"] == Value::Null,
        "{found:#}"
    );
    let (ok, text) = host.make(host.repo, &["list", "FUNCTION=vfs_read", &kdir])?;
    ensure!(
        ok && text.contains("6.6.6 is not running"),
        "what is not known: {text}"
    );
    Ok(())
}
