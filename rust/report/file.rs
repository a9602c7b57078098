// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Reports as files in debugfs.
//!
//! C headers: [`include/linux/debugfs.h`](srctree/include/linux/debugfs.h),
//! [`include/linux/seq_file.h`](srctree/include/linux/seq_file.h)

use core::{
    fmt::{self, Write},
    marker::PhantomPinned,
    mem::ManuallyDrop,
};

use kernel::{
    error::to_result,
    prelude::*,
    str::{CStr, CStrExt, CString},
    sync::Arc,
    types::Opaque,
};

use super::{Form, Report};
use crate::{bindings, errno::Errno};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else: nothing would drain the list of another module.
    static rprobes_needs_its_module_macro: u8;
}

/// Fills a report with what there is in a `T`.
type Fill<T> = fn(&T, &mut Report<'_>) -> Result;

/// Takes a text that was written to the file of a `T`.
type Take<T> = fn(&T, &[u8]) -> Result;

/// A report as files in the module's directory in debugfs, `/sys/kernel/debug/MODULE/`: `NAME` with the text and `NAME.json`. For
/// root alone.
///
/// The report is made anew when a file is opened and read, and is whole, however long it is. If it cannot be made, reading
/// fails. The files are removed when this is dropped, or when the module is unloaded; while one is open, the module cannot be. They
/// can be opened once the module is loaded, not by what its `init` waits for.
///
/// Drop it in process context, and not in the function that fills the report, or takes what is written: then it stays until the module is
/// unloaded, and the kernel log says so. These functions may make and drop other files, streams and probes; but two that drop
/// each other's wait for each other for ever. To drop it waits for who reads or writes at the moment: also for one whose memory another
/// program provides when it likes, as by `userfaultfd()` or FUSE.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, sync::Arc};
/// use rprobes::{report::{self, Report}, Histogram};
///
/// fn show(latency: &Histogram, report: &mut Report<'_>) -> Result {
///     report.histogram("latency_ns", latency)
/// }
///
/// fn files(latency: Arc<Histogram>) -> Result<report::File<Histogram>> {
///     report::File::new(c"latency", latency, show)
/// }
/// ```
#[doc(alias = "debugfs_create_file")]
pub struct File<T: Send + Sync + 'static> {
    _text: Owned<T>,
    _json: Owned<T>,
    _folded: Option<Owned<T>>,
}

impl<T: Send + Sync + 'static> File<T> {
    /// Makes the files. Process context.
    ///
    /// # Errors
    ///
    /// - [`ENOMEM`].
    /// - [`EEXIST`] if there is a file of that name.
    /// - [`EINVAL`] for a name that no file may have.
    /// - [`EPERM`] and [`ENODEV`] on a kernel without debugfs; `ENOTDIR` if something there has the module's name and is no directory.
    /// - `EDEADLK` in atomic context.
    pub fn new(name: &CStr, data: Arc<T>, fill: Fill<T>) -> Result<Self> {
        Ok(Self {
            _text: Owned::new(name, Form::Text, data.clone(), fill, None)?,
            _json: Owned::new(name, Form::Json, data, fill, None)?,
            _folded: None,
        })
    }

    /// Makes the files, and has `take` take what is written to `NAME`. `NAME.json` can only be read. Process context.
    ///
    /// Each `write()` is one text of its own, wherever in the file it is: what a shell's `echo` writes, with the newline. It may
    /// be empty, and is whatever bytes root likes. `take` is called in process context, by several writers at once if there are
    /// several, and while others read. Its error is that of the writer. A text of a page, 4096 bytes on most machines, or more
    /// is refused with [`E2BIG`], and not passed to it.
    ///
    /// A kernel that is locked down, as with Secure Boot, lets nobody open a file that can be written to.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::{prelude::*, str::{parse_int::ParseInt, BStr}, sync::{atomic::{Atomic, Relaxed}, Arc}};
    /// use rprobes::report::{self, Report};
    ///
    /// /// The process that is looked at.
    /// struct Chosen(Atomic<i32>);
    ///
    /// fn show(chosen: &Chosen, report: &mut Report<'_>) -> Result {
    ///     report.value("pid", &chosen.0.load(Relaxed))
    /// }
    ///
    /// /// For `echo 17 >/sys/kernel/debug/MODULE/pid`.
    /// fn choose(chosen: &Chosen, text: &[u8]) -> Result {
    ///     let pid = i32::from_str(BStr::from_bytes(text.trim_ascii()))?;
    ///     chosen.0.store(pid, Relaxed);
    ///     Ok(())
    /// }
    ///
    /// fn files(chosen: Arc<Chosen>) -> Result<report::File<Chosen>> {
    ///     report::File::writable(c"pid", chosen, show, choose)
    /// }
    /// ```
    #[doc(alias = "memdup_user_nul")]
    pub fn writable(name: &CStr, data: Arc<T>, fill: Fill<T>, take: Take<T>) -> Result<Self> {
        Ok(Self {
            _text: Owned::new(name, Form::Text, data.clone(), fill, Some(take))?,
            _json: Owned::new(name, Form::Json, data, fill, None)?,
            _folded: None,
        })
    }

    /// Makes the files, and a third one, `NAME.folded`, with the tables in [that form](Form::Folded). Process context.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_folded(name: &CStr, data: Arc<T>, fill: Fill<T>) -> Result<Self> {
        Ok(Self {
            _folded: Some(Owned::new(name, Form::Folded, data.clone(), fill, None)?),
            ..Self::new(name, data, fill)?
        })
    }
}

/// A file in the list of the module's.
///
/// # Invariants
///
/// The entry was added, and nobody else removes it but the drain.
struct Owned<T: Send + Sync + 'static>(ManuallyDrop<Pin<KBox<Entry<T>>>>);

#[pin_data]
#[repr(C)]
struct Entry<T> {
    /// First, so that what is in the list is also this.
    raw: Opaque<bindings::rprobes_report>,
    form: Form,
    data: Arc<T>,
    fill: Fill<T>,
    take: Option<Take<T>>,
    #[pin]
    _pin: PhantomPinned,
}

// SAFETY: The list is used under its lock; the rest is `T`.
unsafe impl<T: Send + Sync> Send for Entry<T> {}
// SAFETY: As above.
unsafe impl<T: Send + Sync> Sync for Entry<T> {}

impl<T: Send + Sync + 'static> Owned<T> {
    fn new(
        name: &CStr,
        form: Form,
        data: Arc<T>,
        fill: Fill<T>,
        take: Option<Take<T>>,
    ) -> Result<Self> {
        // The address is all that matters: it makes the linker ask for the definition.
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        // SAFETY: May be called at any time.
        if !unsafe { bindings::rprobes_may_sleep() } {
            return Err(crate::errno::error(kernel::bindings::EDEADLK));
        }
        check(name)?;
        let suffix = match form {
            Form::Text => "",
            Form::Json => ".json",
            Form::Folded => ".folded",
        };
        let name = CString::try_from_fmt(fmt!("{}{suffix}", name.to_str()?))?;
        let entry = KBox::pin_init(
            pin_init!(Entry {
                raw: Opaque::new(bindings::rprobes_report {
                    show: Some(show::<T>),
                    take: take.is_some().then_some(take_text::<T>),
                    ..Default::default()
                }),
                form,
                data,
                fill,
                take,
                _pin: PhantomPinned,
            }),
            GFP_KERNEL,
        )?;
        // SAFETY: It is in no list, and stays where it is until it is removed; the name is NUL-terminated. The callbacks are those of a `T`.
        to_result(unsafe { bindings::rprobes_report_add(entry.raw.get(), name.as_char_ptr()) })
            .inspect_err(|error| {
                log!(
                    ERR,
                    "no file {} in debugfs: {} ({})\n",
                    &*name,
                    cause(*error),
                    Errno(*error)
                )
            })?;
        // INVARIANT: Added here.
        Ok(Self(ManuallyDrop::new(entry)))
    }
}

/// Refuses names that no file may have.
fn check(name: &CStr) -> Result {
    let bytes = name.to_bytes();
    if bytes.is_empty() || bytes.contains(&b'/') || bytes.starts_with(b".") {
        log!(ERR, "{}: no name for a file in debugfs\n", name);
        return Err(EINVAL);
    }
    Ok(())
}

fn cause(error: Error) -> &'static str {
    match error {
        EEXIST => "there is one of that name",
        EPERM => "debugfs is switched off, by debugfs= on the kernel's command line",
        ENODEV => "the kernel is built without debugfs",
        _ => "it cannot be made",
    }
}

impl<T: Send + Sync + 'static> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: May be called at any time.
        if !unsafe { bindings::rprobes_may_sleep() } {
            // SAFETY: This never returns.
            unsafe { bindings::rprobes_dropped_in_handler() };
        }
        // SAFETY: It was added. This waits until nobody reads or writes it; and while the drain is at work, there is no owner.
        if unsafe { bindings::rprobes_report_remove(self.0.raw.get()) } {
            // SAFETY: It is not used any more, and was not dropped before.
            unsafe { ManuallyDrop::drop(&mut self.0) };
        } else {
            log!(
                ERR,
                "a file of a report was dropped by its own function, so it stays until the module is unloaded, and its memory is \
                 lost; drop it elsewhere\n"
            );
        }
    }
}

/// # Safety
///
/// To be called by the helper only, with an entry for a `T` that is in the list, and the file that is being read.
unsafe extern "C" fn show<T: Send + Sync + 'static>(
    raw: *mut bindings::rprobes_report,
    seq: *mut c_void,
) -> c_int {
    // SAFETY: The entry is alive: who removes it waits until this has returned.
    let entry = unsafe { &*raw.cast::<Entry<T>>() };
    let mut out = Seq {
        seq,
        is_full: false,
    };
    match super::write(&mut out, entry.form, |report| {
        (entry.fill)(&entry.data, report)
    }) {
        // With more room, this is called again.
        _ if out.is_full => 0,
        Ok(()) => 0,
        Err(error) => error.to_errno(),
    }
}

/// # Safety
///
/// To be called by the helper only, with an entry for a `T` that is in the list, and `len` bytes at `text` that nobody writes.
unsafe extern "C" fn take_text<T: Send + Sync + 'static>(
    raw: *mut bindings::rprobes_report,
    text: *const c_void,
    len: usize,
) -> c_int {
    // SAFETY: The entry is alive: who removes it waits until this has returned.
    let entry = unsafe { &*raw.cast::<Entry<T>>() };
    // SAFETY: As the caller promises; it is the helper's copy, which is there until this has returned.
    let text = unsafe { core::slice::from_raw_parts(text.cast(), len) };
    let Some(take) = entry.take else {
        return EINVAL.to_errno();
    };
    take(&entry.data, text).map_or_else(Error::to_errno, |()| 0)
}

/// A file that is being read.
///
/// # Invariants
///
/// `seq` is the file that `show` was called for.
struct Seq {
    seq: *mut c_void,
    is_full: bool,
}

impl Write for Seq {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // SAFETY: By the type invariants, and the text is as long as that.
        if unsafe { bindings::rprobes_report_write(self.seq, text.as_ptr().cast(), text.len()) } {
            return Ok(());
        }
        self.is_full = true;
        Err(fmt::Error)
    }
}

/// Removes the files that are left. Called when the module goes away.
pub(crate) fn drain() {
    // SAFETY: Process context.
    unsafe { bindings::rprobes_report_drain() };
}
