// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A stream, and its files in debugfs.
//!
//! C header: [`include/linux/debugfs.h`](srctree/include/linux/debugfs.h)

use core::{
    marker::{PhantomData, PhantomPinned},
    mem::ManuallyDrop,
};

use kernel::{
    ffi::c_char,
    prelude::*,
    str::CStrExt,
    types::Opaque,
    uaccess::{UserPtr, UserSlice},
};

use super::{
    format::{self, Output},
    reader::Reader,
    record::Record,
    rings::Rings,
};
use crate::{
    bindings,
    errno::{self, Errno},
};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else: nothing would drain the list of another module.
    static rprobes_needs_its_module_macro: u8;
}

/// What a stream is to be.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many bytes there are for the records of each CPU; at least as many as one takes, and rounded up to a power of two.
    /// With what is for interrupts that come in the middle of a push, a stream takes a bit less than one and a half of it for
    /// each CPU that there may be: [`Stats::memory`].
    pub capacity: usize,
    /// How many bytes may be pushed with a record, at most: below 65536.
    pub longest: usize,
    /// Who may read it, as `chmod` has it.
    pub mode: u16,
}

impl Default for Options {
    /// 64 KiB, no bytes behind records, and root alone reads: 0400.
    fn default() -> Self {
        Self::longest(0)
    }
}

impl Options {
    /// The default, but up to `longest` bytes may be pushed with a record. Any context.
    pub const fn longest(longest: usize) -> Self {
        Self {
            capacity: 64 << 10,
            longest,
            mode: 0o400,
        }
    }
}

/// What a stream has seen: [`Stream::stats`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of memory, without what is for each open file: 32 bytes for each CPU and level, and a record.
    pub memory: usize,
    /// How many records were pushed.
    pub pushed: u64,
    /// How many were not, as they were too long, or came in the middle of four others on one CPU; and those that were
    /// [missed](Stream::set_missed). Readers are told.
    pub refused: u64,
}

/// Records on their way from handlers to programs: see [the module](crate::stream) for the files, order, and losses.
///
/// Handlers push on any CPU and in any context, NMIs included. Each CPU has buffers of its own, so nothing is locked, and no
/// line of the caches is shared; what is overwritten was there longest.
///
/// # Examples
///
/// ```
/// use kernel::{fmt, prelude::*, str::BStr};
/// use rprobes::{kprobe::{self, PreContext}, stream::{self, Pushed, Record}, Stream};
///
/// rprobes::record! {
///     struct Open {
///         pid: i32,
///         flags: u32,
///     }
/// }
///
/// impl Record for Open {
///     fn write_line(&self, pushed: &Pushed<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         let path = BStr::from_bytes(pushed.bytes);
///         f.write_fmt(fmt!("{} {}: {path} {:#o}", pushed.time, self.pid, self.flags))
///     }
/// }
///
/// /// For `openat`.
/// struct Opens(Stream<Open>);
///
/// #[vtable]
/// impl kprobe::Handler for Opens {
///     fn pre(&self, cx: &PreContext<'_>) {
///         let mut buffer = [0; 256];
///         let path = cx.read_user_str(cx.syscall().arg(1), &mut buffer).unwrap_or(b"?");
///         self.0.push_with(Open { pid: cx.tgid(), flags: cx.syscall().arg(2) as u32 }, path);
///     }
/// }
///
/// fn opens() -> Result<Opens> {
///     Ok(Opens(Stream::new(c"opens", stream::Options::longest(256))?))
/// }
/// ```
///
/// # Invariants
///
/// `shared.raw` was added, with the callbacks of `T`, and is removed before `shared` is freed.
pub struct Stream<T: Record> {
    shared: ManuallyDrop<Pin<KBox<Shared<T>>>>,
}

#[pin_data]
#[repr(C)]
struct Shared<T> {
    /// First, so that what the callbacks get is also this.
    raw: Opaque<bindings::rprobes_stream>,
    rings: Rings,
    _record: PhantomData<fn(T) -> T>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: The list is used under its lock, and what is in the rings is `Send`.
unsafe impl<T: Record> Send for Shared<T> {}
// SAFETY: As above; the rings may be used by all at once.
unsafe impl<T: Record> Sync for Shared<T> {}

impl<T: Record> Stream<T> {
    /// A stream that can be read in `/sys/kernel/debug/MODULE/NAME` and `NAME.bin` from now on. Process context.
    ///
    /// # Errors
    ///
    /// The kernel log says more: [`EINVAL`] for a capacity of 0, or more than 65535 bytes behind a record; `EEXIST` if the
    /// module has a file of this name; `EPERM` or `ENODEV` if there is no debugfs; [`ENOMEM`]; `EDEADLK` in atomic context.
    #[doc(alias = "debugfs_create_file")]
    pub fn new(name: &CStr, options: Options) -> Result<Self> {
        const {
            assert!(
                size_of::<T>() > 0 && size_of::<T>() <= 1024,
                "a record has 1 to 1024 bytes"
            )
        };
        Self::try_new(name, options).inspect_err(|error| {
            let why = match *error {
                EINVAL => {
                    "it needs a capacity, and has no room for more than 65535 bytes behind a record"
                }
                ENOMEM => "there is no memory for it: try a smaller capacity",
                _ if errno::is(*error, kernel::bindings::EEXIST) => {
                    "there is such a file already: choose another name"
                }
                _ if errno::is(*error, kernel::bindings::EDEADLK) => {
                    "streams are made in process context, not in a handler"
                }
                EPERM => "debugfs is switched off: boot without debugfs=off",
                ENODEV => "this kernel has no debugfs",
                _ => "debugfs refuses it",
            };
            log!(
                ERR,
                "no stream \"{}\": {} ({})\n",
                name.to_str().unwrap_or("?"),
                why,
                Errno(*error)
            );
        })
    }

    fn try_new(name: &CStr, options: Options) -> Result<Self> {
        // SAFETY: May be called at any time.
        if !unsafe { bindings::rprobes_may_sleep() } {
            return Err(errno::error(kernel::bindings::EDEADLK));
        }
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        let rings = Rings::new(size_of::<T>(), options.longest, options.capacity)?;
        let operations = bindings::rprobes_stream_operations {
            reader_size: Reader::size(&rings),
            read: Some(read::<T>),
            has_more: Some(has_more::<T>),
        };
        let shared = KBox::pin_init(
            pin_init!(Shared::<T> {
                raw: Opaque::zeroed(),
                rings,
                _record: PhantomData,
                _pin: PhantomPinned,
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: Process context. What is added stays where it is until it is removed. The callbacks are those of a `T`.
        let result = unsafe {
            bindings::rprobes_stream_add(
                shared.raw.get(),
                &raw const operations,
                name.as_char_ptr(),
                options.mode & 0o777,
            )
        };
        kernel::error::to_result(result)?;
        // INVARIANT: It was added just now.
        Ok(Self {
            shared: ManuallyDrop::new(shared),
        })
    }

    /// Pushes a record, and wakes who waits for one. False if it is refused, as there are four others being pushed on this CPU
    /// already, in the middle of which this one comes. Any context; nothing is allocated, locked, or waited for.
    #[inline(always)]
    pub fn push(&self, record: T) -> bool {
        self.shared
            .rings
            .push(record.as_bytes(), &[], || self.wake())
    }

    /// Pushes a record with bytes behind it, such as a path. Also refuses more than [`Options::longest`]. Any context, as
    /// [`push`](Self::push).
    #[inline(always)]
    pub fn push_with(&self, record: T, bytes: &[u8]) -> bool {
        self.shared
            .rings
            .push(record.as_bytes(), bytes, || self.wake())
    }

    /// Has readers told of what could not be pushed at all, such as hits that a probe has missed:
    /// [`ProbeSet::missed`](crate::ProbeSet::missed). `all` is how many there are by now; less than before changes nothing. Any
    /// context.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{prelude::*, sync::Arc, time::Delta};
    /// use rprobes::{stream::Record, ProbeSet, Stream, Timer};
    ///
    /// /// Has the probes, and tells of what they miss, until it is dropped.
    /// fn watch<T: Record>(probes: ProbeSet, stream: Arc<Stream<T>>) -> Result<Timer> {
    ///     Timer::every(Delta::from_secs(1), move || stream.set_missed(probes.missed()))
    /// }
    /// ```
    pub fn set_missed(&self, all: u64) {
        self.shared.rings.set_missed(all, || self.wake());
    }

    #[cold]
    fn wake(&self) {
        // SAFETY: By the type invariants it was added, and it is not removed while this is borrowed.
        unsafe { bindings::rprobes_stream_wake(self.shared.raw.get()) };
    }

    /// What it has seen. Any context.
    pub fn stats(&self) -> Stats {
        let rings = &self.shared.rings;
        Stats {
            memory: rings.memory(),
            pushed: rings.pushed(),
            refused: rings.refused(),
        }
    }
}

impl<T: Record> Drop for Stream<T> {
    fn drop(&mut self) {
        // SAFETY: May be called at any time.
        if !unsafe { bindings::rprobes_may_sleep() } {
            // SAFETY: This never returns.
            unsafe { bindings::rprobes_dropped_in_handler() };
        }
        // SAFETY: Process context. Nobody pushes any more, as nobody borrows this. By the type invariants it was added; if it is
        // being drained, this waits for it.
        if unsafe { bindings::rprobes_stream_remove(self.shared.raw.get()) } {
            // SAFETY: It is not used any more, and was not dropped before.
            unsafe { ManuallyDrop::drop(&mut self.shared) };
        } else {
            log!(
                ERR,
                "a stream was dropped by the function that writes its lines, so it stays until the module is unloaded, and its \
                 memory is lost; drop it elsewhere\n"
            );
        }
    }
}

/// # Safety
///
/// To be called by the helper only: for the stream of a `T`, which is not removed meanwhile, with what is kept of an open file of
/// it, which nobody else uses meanwhile.
unsafe extern "C" fn read<T: Record>(
    raw: *mut bindings::rprobes_stream,
    kept: *mut c_void,
    binary: bool,
    to: *mut c_char,
    size: usize,
) -> isize {
    // SAFETY: The caller promises a stream of a `T`, and `raw` is its first field.
    let shared = unsafe { &*raw.cast::<Shared<T>>() };
    // SAFETY: So many bytes are kept, zero at first, which the caller promises nobody else uses.
    let mut reader = unsafe { Reader::new(&shared.rings, kept) };
    let user = UserSlice::new(UserPtr::from_ptr(to.cast()), size).writer();
    match format::read::<T>(&mut reader, binary, &mut Output::new(user)) {
        Ok(bytes) => bytes as isize,
        Err(error) => error.to_errno() as isize,
    }
}

/// # Safety
///
/// As [`read`].
unsafe extern "C" fn has_more<T: Record>(
    raw: *mut bindings::rprobes_stream,
    kept: *mut c_void,
    binary: bool,
) -> bool {
    // SAFETY: As in `read`.
    let shared = unsafe { &*raw.cast::<Shared<T>>() };
    // SAFETY: As in `read`.
    let reader = unsafe { Reader::new(&shared.rings, kept) };
    (binary && !reader.has_begun()) || reader.has_more()
}

/// Removes the files of streams that were leaked.
///
/// To be called when the module is unloaded, when all that pushes is gone.
pub(crate) fn drain() {
    // SAFETY: Process context; nobody pushes any more, says the caller.
    unsafe { bindings::rprobes_stream_drain() };
}
