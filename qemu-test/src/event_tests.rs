// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Events of a module that a user has made.

use std::fs;

use anyhow::{ensure, Result};

use crate::host_tests::{Host, NOTHING};

/// Two events, one of them in another file of the module, are the module's as soon as it is loaded. A name that is a macro of
/// the kernel's is refused where it stands, and that a field is taken away is noticed.
pub fn events_of_a_new_module(host: &Host<'_>) -> Result<()> {
    let parent = host.new_module()?;
    let directory = parent.path().join("my_probe");
    let source = directory.join("my_probe.rs");
    let plain = fs::read_to_string(&source)?;
    let with_events = plain
        .replace(
            "struct Counter(",
            "mod more;\nrprobes::event! {\n    struct Forked { pid: i32, previous: i32 }\n}\n\nstruct Counter(",
        )
        .replace("_cx: &", "cx: &")
        .replace(
            "        self.0.fetch_add",
            "        rprobes::trace!(Forked { pid: cx.pid(), previous: 0 });\n        more::show(cx.comm());\n        self.0.fetch_add",
        );
    ensure!(
        with_events.matches("cx.pid()").count() == 1,
        "the source of a new module looks different"
    );
    fs::write(&source, &with_events)?;
    fs::write(
        directory.join("more.rs"),
        "use rprobes::context::Comm;\nrprobes::event! { struct WhoForked { comm: Comm } }\n\
         pub fn show(comm: Comm) { rprobes::trace!(WhoForked { comm }); }\n",
    )?;
    fs::write(
        directory.join("tests/my_probe.sh"),
        "load my_probe\necho 1 >$tracing/events/my_probe/enable\nbusybox true\n\
         grep -q ': forked: pid=[0-9]* previous=0$' $tracing/trace || fail 'no line of the one'\n\
         grep -q ': who_forked: comm=sh$' $tracing/trace || fail \"no line of the other: $(cat $tracing/trace)\"\n\
         unload my_probe\n",
    )?;
    let (ok, text) = host.make(&directory, &["test"])?;
    ensure!(ok && text.contains("\n1 passed, 0 failed\n"), "{text}");

    fs::write(&source, with_events.replace("previous", "current"))?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(
        !ok && text.contains("my_probe.rs:")
            && text.contains("`current` is a macro in the kernel: take another name"),
        "a field that is a macro of the kernel's: {text}"
    );
    fs::write(&source, with_events.replace(", previous: i32", ""))?;
    let (ok, text) = host.make(&directory, &NOTHING)?;
    ensure!(
        !ok && text.contains("struct `Forked` has no field named `previous`"),
        "a field that is gone: {text}"
    );
    Ok(())
}
