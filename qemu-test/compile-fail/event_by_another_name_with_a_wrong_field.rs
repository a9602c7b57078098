// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The compiler itself refuses what an event cannot have.
// error: an event cannot have a field of this type
// error: the fields of an event are `name: type`

use rprobes::event as another;

another! {
    struct Read { ratio: f64 }
}

another! {
    struct Write { bytes: Option<u64> }
}
