// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A text that an event has is still there when it is recorded.
// error: does not live long enough

rprobes::event! {
    struct Opened<'a> { path: &'a [u8] }
}

pub fn opened() {
    let event;
    {
        let path = *b"path";
        event = Opened { path: &path };
    }
    event.emit();
}
