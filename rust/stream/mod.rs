// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Records that handlers push and programs read, from a file that waits for more; see [`Stream`].
//!
//! # The files
//!
//! A stream named `opens` of a module named `snoop` is read as text in `/sys/kernel/debug/snoop/opens`, a line for each
//! record, and as it is in memory in `/sys/kernel/debug/snoop/opens.bin`. A read waits until there is something, unless the
//! file was opened with `O_NONBLOCK`; `poll()`, `select()` and `epoll` work. Several may read, also with threads: each open
//! file sees all records, beginning with the oldest that is still there.
//!
//! When the stream is dropped, or the module unloaded, who reads gets what is left, and then the end of the file. That takes a
//! tenth of a second at most; a file that is open longer gives `EIO` from then on, and `EPOLLHUP`, and can be closed at any
//! time. Only one who is in a read at that moment, and whose memory another program provides when it likes, as by `userfaultfd()` or
//! FUSE, is waited for as long as that takes. It does not keep the module. What the kernel still looks at when it is closed, some 400 bytes, is never freed.
//!
//! # Order, and what is lost
//!
//! A record has the time at which it was pushed (`CLOCK_MONOTONIC`, in nanoseconds), and the file gives them in the order of
//! these times, whichever CPU they come from: before a record is given, a reader waits for those that other CPUs are pushing,
//! and leaves what is younger than a microsecond for the moment, as the stores of a CPU take a while until others see them.
//!
//! Nobody who pushes waits. If a reader is slow, what it has not read is overwritten, and it is told how many records that were
//! where they would have been: `# 12 lost`. The others are not concerned. For each open file, what it has read and what it was
//! told to be lost is all that was pushed; that includes what was overwritten before it was opened.
//!
//! What a probe misses is never pushed. [`Stream::set_missed`] has it told as lost, too; a [`Timer`](crate::Timer) may do that now
//! and then.
//!
//! # The binary file
//!
//! Numbers are those of the machine. The header:
//!
//! | bytes | |
//! |---|---|
//! | 8 | `RPSTREAM` |
//! | 4 | 0x01020304, which tells the byte order |
//! | 2 | the version of this format, 1 |
//! | 2 | how long the header is, a multiple of 8 |
//! | 4 | how long a record is |
//! | 4 | how many bytes there may be behind one, at most |
//! | … | text: a line with the name of the record, then one for each field: name, offset, size, type; then NULs |
//!
//! Each record:
//!
//! | bytes | |
//! |---|---|
//! | 8 | its time |
//! | 4 | its CPU |
//! | 2 | how many bytes are behind it |
//! | 2 | 0; or 1: 8 bytes follow, how many were lost |
//! | … | the record, and NULs up to a multiple of 8 |
//! | … | the bytes, and NULs up to a multiple of 8 |

mod file;
mod format;
mod reader;
mod record;
mod rings;

pub(crate) use file::drain;
pub use file::{Options, Stats, Stream};
pub use record::{Field, Layout, Pushed, Record};

#[doc(hidden)]
pub mod __private {
    pub use zerocopy_derive::{FromBytes, Immutable, IntoBytes};
}
