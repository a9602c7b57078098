// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Trace buffers of one's own.
//!
//! C header: [`include/linux/trace.h`](srctree/include/linux/trace.h)

use core::{ffi::CStr, ptr::NonNull};

use kernel::{
    error::to_result,
    prelude::*,
    str::{CStrExt, CString},
};

use super::{
    files,
    list::{self, check_may_sleep, Made, Owned},
    recording,
};
use crate::{
    bindings::{self, trace_array},
    errno::{self, Errno},
};

/// A trace buffer of its own, in `/sys/kernel/tracing/instances/<name>`: what is written into it is not among that of
/// others, and it is switched on and off alone. It is removed when this is dropped.
///
/// If there is an instance of that name, made by a user or by another module, this is one more reference to it, and it stays when
/// this is dropped. Within a module, share it by a reference or an [`Arc`](kernel::sync::Arc).
///
/// An instance that is in use when it is dropped, as somebody reads its `trace` or waits at its `trace_pipe`, cannot be removed: its events are
/// disabled, it stays, and the kernel log says how to get rid of it. If this is leaked, that is done when the module is unloaded.
///
/// It is dropped in process context: dropping the last reference in a handler stops the machine, as dropping a probe there does.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, trace_printk, tracing::Instance};
///
/// struct StopAt {
///     forks: Instance,
///     pid: i32,
/// }
///
/// #[vtable]
/// impl kprobe::Handler for StopAt {
///     fn pre(&self, cx: &PreContext<'_>) {
///         trace_printk!(instance: &self.forks, "{} forks\n", cx.comm());
///         if cx.pid() == self.pid {
///             self.forks.off();
///         }
///     }
/// }
///
/// fn handler(pid: i32) -> Result<StopAt> {
///     let forks = Instance::new(c"forks")?;
///     forks.enable(c"sched", c"sched_switch")?;
///     forks.resize(4096)?;
///     Ok(StopAt { forks, pid })
/// }
/// ```
#[doc(alias = "trace_array_get_by_name")]
pub struct Instance(Owned<Array>);

/// # Invariants
///
/// There is a reference to the trace array, until this is removed.
struct Array {
    raw: NonNull<trace_array>,
    name: CString,
    /// Whether there was none of that name before.
    made: bool,
}

// SAFETY: A reference to a trace array may be used, and given back, by any task.
unsafe impl Send for Array {}
// SAFETY: What is done with one may be done by several at once.
unsafe impl Sync for Array {}

impl Instance {
    /// Makes an instance, or takes a reference to the one that there is. Process context.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if it cannot be the name of a directory, `EDEADLK` in atomic context, `EOPNOTSUPP` if this kernel has
    /// no trace events, and [`ENOMEM`]. The cause is in the kernel log.
    pub fn new(name: &CStr) -> Result<Self> {
        let refused = |why: &str, error| {
            log!(ERR, "no trace instance \"{}\": {}\n", name, why);
            error
        };
        let bytes = name.to_bytes();
        if check_may_sleep().is_err() {
            let error = errno::error(kernel::bindings::EDEADLK);
            return Err(refused(
                "it is made in process context, not in a handler",
                error,
            ));
        }
        if bytes.is_empty() || bytes.contains(&b'/') || matches!(bytes, b"." | b"..") {
            return Err(refused(
                "a directory is called like it, so it must not be empty, nor have a slash in it",
                EINVAL,
            ));
        }
        if !bytes.iter().all(u8::is_ascii_graphic) {
            return Err(refused(
                "a directory is called like it, so it must be of letters, digits and the like, in ASCII",
                EINVAL,
            ));
        }
        if bytes.len() > kernel::bindings::NAME_MAX as usize {
            return Err(refused(
                "a directory is called like it, and that name is too long",
                EINVAL,
            ));
        }
        if cfg!(not(CONFIG_EVENT_TRACING)) {
            return Err(refused(
                "this kernel is built without CONFIG_EVENT_TRACING",
                errno::error(kernel::bindings::EOPNOTSUPP),
            ));
        }
        let copy = CString::try_from(name)?;
        let owned = Owned::new(|| {
            let mut made = false;
            // SAFETY: Process context; the name is NUL-terminated.
            let raw = unsafe { bindings::rprobes_instance_get(name.as_char_ptr(), &raw mut made) };
            let Some(raw) = NonNull::new(raw) else {
                return Err(refused(
                    "the kernel cannot make it; is there memory for it?",
                    ENOMEM,
                ));
            };
            // INVARIANT: This is the reference.
            Ok(Array {
                raw,
                name: copy,
                made,
            })
        })?;
        Ok(Self(owned))
    }

    /// Starts recording into this instance, or resumes it. Any context.
    ///
    /// It records from the first. This and [`off`](Self::off) do nothing on a kernel without BTF (`CONFIG_DEBUG_INFO_BTF`).
    #[doc(alias = "tracing_on")]
    #[inline]
    pub fn on(&self) {
        let buffer = self.buffer();
        if !buffer.is_null() {
            // SAFETY: It is the buffer of a trace array that there is a reference to.
            unsafe { bindings::rprobes_ring_on(buffer) };
        }
    }

    /// Stops recording into this instance; it keeps what it has, and others go on. Any context.
    #[doc(alias = "tracing_off")]
    #[inline]
    pub fn off(&self) {
        let buffer = self.buffer();
        if !buffer.is_null() {
            // SAFETY: It is the buffer of a trace array that there is a reference to.
            unsafe { bindings::rprobes_ring_off(buffer) };
        }
    }

    /// Whether this instance is recording. Any context.
    #[doc(alias = "tracing_is_on")]
    #[inline]
    pub fn is_on(&self) -> bool {
        self.may_record()
    }

    /// Enables an event in this instance: `enable(c"sched", c"sched_switch")`. Process context.
    ///
    /// It stays enabled if the instance is somebody else's, too.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if there is no such event: the kernel log says so.
    #[doc(alias = "trace_array_set_clr_event")]
    pub fn enable(&self, system: &CStr, event: &CStr) -> Result {
        self.set(system, event, true)
    }

    /// Disables an event in this instance. Process context.
    ///
    /// # Errors
    ///
    /// As [`enable`](Self::enable).
    #[doc(alias = "trace_array_set_clr_event")]
    pub fn disable(&self, system: &CStr, event: &CStr) -> Result {
        self.set(system, event, false)
    }

    fn set(&self, system: &CStr, event: &CStr, on: bool) -> Result {
        check_may_sleep()?;
        self.0.set(system, event, on).inspect_err(|error| {
            let (verb, why) = (
                if on { "enabled" } else { "disabled" },
                if *error == EINVAL {
                    "there is no such event"
                } else {
                    "the kernel refuses"
                },
            );
            log!(
                ERR,
                "{}:{} is not {} in the trace instance {}: {} ({})\n",
                system,
                event,
                verb,
                &*self.0.name,
                why,
                Errno(*error)
            );
        })
    }

    /// Gives the buffer room for so many kilobytes on each CPU. What it has is lost.
    ///
    /// In the context of a process, as this writes `buffer_size_kb`; nobody need have mounted tracefs. Not where the memory map of
    /// the process is locked, as in the `mmap` of a file.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for 0, [`ENOMEM`], and those of tracefs; the kernel log has the cause.
    #[doc(alias = "ring_buffer_resize")]
    pub fn resize(&self, kilobytes: usize) -> Result {
        let path = CString::try_from_fmt(fmt!("instances/{}/buffer_size_kb", &*self.0.name))?;
        let text = CString::try_from_fmt(fmt!("{}", kilobytes))?;
        files::write(&path, text.to_bytes()).inspect_err(|error| {
            log!(
                ERR,
                "the trace instance {} does not get {} KB for each CPU: {} ({})\n",
                &*self.0.name,
                kilobytes,
                files::why(*error),
                Errno(*error)
            );
        })
    }

    /// Whether this instance is recording, or it is not known whether.
    #[inline(always)]
    pub(super) fn may_record(&self) -> bool {
        // SAFETY: By the type invariants there is a reference.
        unsafe { recording::may_record(self.0.raw) }
    }

    #[inline(always)]
    fn buffer(&self) -> *mut bindings::trace_buffer {
        // SAFETY: By the type invariants there is a reference.
        unsafe { recording::buffer(self.0.raw) }
    }

    /// Writes a line. Any context.
    #[inline(always)]
    pub(super) fn puts(&self, text: &[u8]) {
        if !text.is_empty() {
            // SAFETY: By the type invariants there is a reference; the text is as long as it is, and not empty.
            unsafe {
                bindings::rprobes_instance_puts(
                    self.0.raw.as_ptr(),
                    text.as_ptr().cast(),
                    text.len(),
                );
            }
        }
    }
}

impl Array {
    fn set(&self, system: &CStr, event: &CStr, on: bool) -> Result {
        // SAFETY: By the type invariants there is a reference; process context; the names are NUL-terminated.
        to_result(unsafe {
            bindings::rprobes_instance_events(
                self.raw.as_ptr(),
                system.as_char_ptr(),
                event.as_char_ptr(),
                on,
            )
        })
    }
}

impl Made for Array {
    const KIND: u32 = 0;

    fn remove(&self, leaked: bool) {
        if leaked {
            log!(
                WARNING,
                "the trace instance {} was leaked (mem::forget, or a reference cycle?); removing it\n",
                &*self.name
            );
        }
        if self.made {
            // Should it have to stay, it is to record nothing any more.
            // SAFETY: By the type invariants there is a reference; process context; no name stands for all.
            unsafe {
                bindings::rprobes_instance_events(
                    self.raw.as_ptr(),
                    core::ptr::null(),
                    core::ptr::null(),
                    false,
                );
            }
        }
        // SAFETY: The reference is given back, once. Nobody else in this module uses it: it was this one's.
        let ret = unsafe { bindings::rprobes_instance_put(self.raw.as_ptr(), self.made) };
        match to_result(ret) {
            // A user has removed it meanwhile.
            Ok(()) | Err(ENODEV) => {}
            Err(error) => log!(
                WARNING,
                "the trace instance {} stays, as it is in use (somebody reads it, or another module has it, too); \
                 rmdir /sys/kernel/tracing/instances/{} removes it later ({})\n",
                &*self.name,
                &*self.name,
                Errno(error)
            ),
        }
    }
}

/// Disables an event in all instances of this module. Process context.
pub(super) fn disable_in_all(system: &CStr, event: &CStr) {
    list::each(|array: &Array| {
        // Where it is not, it needs not be disabled.
        let _ = array.set(system, event, false);
    });
}
