// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The events of a module have different names, in whichever of its modules they are.
// error: error: the event `file_read` is declared twice, first at

rprobes::event! {
    struct FileRead { pid: i32 }
}

mod inner {
    rprobes::event! {
        struct File_Read { bytes: u64 }
    }
}
