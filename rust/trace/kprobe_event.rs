// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Events that the kernel itself records at a function, or at its return: kprobe events of tracefs.
//!
//! C header: [`include/linux/trace_events.h`](srctree/include/linux/trace_events.h);
//! documentation: [`Documentation/trace/kprobetrace.rst`](srctree/Documentation/trace/kprobetrace.rst)
//!
//! No handler of the module runs: the kernel takes the fields from registers and memory and writes them into the trace buffer, where
//! trace-cmd and perf see them, too. The event is in `/sys/kernel/tracing/events/<group>/<name>`, as if it had been written
//! to `kprobe_events`.
//!
//! # Examples
//!
//! ```
//! use kernel::prelude::*;
//! use rprobes::{kprobe_event::{Event, Fetch}, KprobeEvent, Target};
//!
//! fn opens() -> Result<Event> {
//!     let event = KprobeEvent::new(c"opens", Target::symbol(c"do_sys_openat2"))
//!         .arg(c"dfd", Fetch::arg(0).s32())
//!         .arg(c"filename", Fetch::arg(1).user_string())
//!         .register()?;
//!     event.filter(b"dfd == -100")?;
//!     event.stacktrace()?;
//!     event.enable()?;
//!     Ok(event)
//! }
//! ```

use core::ffi::CStr;

use kernel::{
    error::to_result,
    fmt::{self, Write},
    prelude::*,
    str::{BStr, CStrExt, CString},
};

pub use super::fetch::Fetch;
use super::{
    error_log::Refusal,
    files, instance,
    list::{check_may_sleep, Made, Owned},
};
use crate::{
    bindings,
    errno::{self, Errno},
    place::{resolve, Target},
};

/// An event that is not registered yet: its name, its place, and its fields.
///
/// Nothing is looked at, and nothing fails, before [`register`](Self::register).
#[must_use]
pub struct KprobeEvent<'a> {
    group: &'a CStr,
    name: &'a CStr,
    target: Target<'a>,
    at_return: bool,
    /// ` name=fetch`, for each field.
    fields: Text,
}

impl<'a> KprobeEvent<'a> {
    /// An event called `name` at `target`: a function, or an instruction.
    #[doc(alias = "kprobe_event_gen_cmd_start")]
    #[allow(clippy::new_ret_no_self)]
    pub fn new(name: &'a CStr, target: Target<'a>) -> Self {
        Self {
            group: c"kprobes",
            name,
            target,
            at_return: false,
            fields: Text::default(),
        }
    }

    /// An event called `name` where the function `target` returns.
    #[doc(alias = "kretprobe_event_gen_cmd_start")]
    pub fn at_return(name: &'a CStr, target: Target<'a>) -> Self {
        Self {
            at_return: true,
            ..Self::new(name, target)
        }
    }

    /// The group of the event, instead of `kprobes`.
    pub fn group(mut self, group: &'a CStr) -> Self {
        self.group = group;
        self
    }

    /// One field more.
    #[doc(alias = "kprobe_event_add_field")]
    pub fn arg(mut self, name: &CStr, fetch: Fetch<'_>) -> Self {
        let names = [Some(name), fetch.name()];
        let strange = names.into_iter().flatten().find(|name| !is_word(name));
        if let (None, Some(strange)) = (self.fields.error, strange) {
            log!(
                ERR,
                "no event {}/{}: \"{}\" is not a name\n",
                self.group,
                self.name,
                strange
            );
            self.fields.error = Some(EINVAL);
        } else if fetch.is_too_deep() {
            log!(
                ERR,
                "no event {}/{}: {} is behind more than 8 pointers\n",
                self.group,
                self.name,
                name
            );
            self.fields.error = Some(EINVAL);
        }
        // An error is kept.
        let _ = self.fields.write_fmt(fmt!(" {}={}", name, fetch));
        self
    }

    /// Makes the event, disabled. Process context.
    ///
    /// # Errors
    ///
    /// The cause is in the kernel log, in the kernel's own words where it has some, with the command, and the place in
    /// it. Nothing is left behind.
    ///
    /// - [`EEXIST`]: there is an event of that name.
    /// - [`EINVAL`]: a name that is none, or a field that the kernel refuses; that of a return, for an event at an entry.
    /// - `EOPNOTSUPP`: this kernel is built without `CONFIG_KPROBE_EVENTS`.
    /// - Those of probes: [`ENOENT`], and so on.
    #[doc(alias = "kprobe_event_gen_cmd_end")]
    #[doc(alias = "dynevent_create")]
    pub fn register(self) -> Result<Event> {
        let refused = |why: fmt::Arguments<'_>, error: Error| {
            log!(
                ERR,
                "no event {}/{}: {} ({})\n",
                self.group,
                self.name,
                why,
                Errno(error)
            );
            error
        };
        if let Err(error) = check_may_sleep() {
            return Err(refused(fmt!("{}", files::why(error)), error));
        }
        if cfg!(not(CONFIG_KPROBE_EVENTS)) {
            let error = errno::error(kernel::bindings::EOPNOTSUPP);
            let why = "this kernel is built without CONFIG_KPROBE_EVENTS";
            return Err(refused(fmt!("{}", why), error));
        }
        // The kernel has more to say about names; but what it looks at must be one word.
        for name in [self.group, self.name] {
            if !is_word(name) || name.to_bytes().contains(&b'/') {
                return Err(refused(fmt!("\"{}\" is not a name", name), EINVAL));
            }
        }
        if let Some(error) = self.fields.error {
            return Err(error);
        }
        let place = resolve(&self.target)?.spelled(&self.target)?;
        let fields = BStr::from_bytes(&self.fields.bytes);
        let what = CString::try_from_fmt(fmt!("{}{}", &*place, fields))?;
        let kind = if self.at_return { 'r' } else { 'p' };
        let command =
            CString::try_from_fmt(fmt!("{}:{}/{} {}", kind, self.group, self.name, &*what))?;
        let (group, name) = (
            CString::try_from(self.group)?,
            CString::try_from(self.name)?,
        );
        let owned = Owned::new(|| {
            // The kernel would make it one event with the other.
            // SAFETY: Process context; the names are NUL-terminated.
            if unsafe { bindings::rprobes_event_exists(group.as_char_ptr(), name.as_char_ptr()) } {
                return Err(refused(
                    fmt!("there is an event of that name; give it another one, or a group of its own"),
                    EEXIST,
                ));
            }
            command_of(&command)
                .map_err(|error| refused(fmt!("{}", Refusal::of(command.to_bytes())), error))?;
            Ok(Registered { group, name, what })
        })?;
        Ok(Event(owned))
    }
}

/// Text that is put together, and what went wrong with that.
#[derive(Default)]
struct Text {
    bytes: KVec<u8>,
    error: Option<Error>,
}

impl Write for Text {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let added = self.bytes.extend_from_slice(text.as_bytes(), GFP_KERNEL);
        if added.is_err() && self.error.is_none() {
            self.error = Some(ENOMEM);
        }
        Ok(())
    }
}

/// Whether it cannot be taken for several words of a command.
fn is_word(name: &CStr) -> bool {
    let name = name.to_bytes();
    !name.is_empty() && name.iter().all(u8::is_ascii_graphic)
}

/// Does what a line in `kprobe_events` does. Process context.
fn command_of(text: &CStr) -> Result {
    // SAFETY: Process context; the text is NUL-terminated.
    to_result(unsafe { bindings::rprobes_kprobe_event_command(text.as_char_ptr()) })
}

/// A registered event; it is removed when this is dropped.
///
/// An event that is in use when it is dropped, as perf records it, or a user has enabled it in an instance, cannot be
/// removed: it stays, and the kernel log says how to get rid of it. What this module has enabled is disabled before, in
/// its [instances](crate::tracing::Instance), too, and triggers are removed. If this is leaked, that is done when the module is unloaded.
///
/// All methods are for process context, and all but [`disable`](Self::disable) for the context of a process, as they
/// use files of tracefs, which nobody need have mounted; elsewhere they fail with [`ESRCH`]. Not where the memory map of the process
/// is locked, as in the `mmap` of a file.
#[must_use]
pub struct Event(Owned<Registered>);

struct Registered {
    group: CString,
    name: CString,
    /// Its place and its fields.
    what: CString,
}

/// How often an event was hit, as `kprobe_profile` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Hits while it was enabled, those that the filter left out included.
    pub hits: u64,
    /// Hits that were missed, as they were inside another probe, or too many calls were under way.
    pub missed: u64,
}

impl Event {
    /// Starts to record it in the trace buffer.
    ///
    /// # Errors
    ///
    /// Those of the kernel; the log has the cause.
    #[doc(alias = "trace_set_clr_event")]
    pub fn enable(&self) -> Result {
        self.write(c"enable", b"1")
    }

    /// Stops to record it in the trace buffer. In instances it goes on.
    ///
    /// # Errors
    ///
    /// Those of the kernel.
    #[doc(alias = "trace_set_clr_event")]
    pub fn disable(&self) -> Result {
        check_may_sleep()?;
        self.0.disable()
    }

    /// Records only hits of which an expression is true: `b"dfd == -100 && filename ~ \"/etc/*\""`. `b"0"` records all again.
    ///
    /// documentation: [`Documentation/trace/events.rst`](srctree/Documentation/trace/events.rst), "Event filtering"
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the kernel refuses it; the log has what it says. Then all hits are recorded.
    pub fn filter(&self, expression: &[u8]) -> Result {
        self.write(c"filter", expression).inspect_err(|_| {
            // The kernel leaves its complaint in the file, and no filter.
            let _ = self.0.write(c"filter", b"0");
        })
    }

    /// Records the stack of each hit, too.
    ///
    /// # Errors
    ///
    /// [`EEXIST`] if it does already.
    pub fn stacktrace(&self) -> Result {
        self.write(c"trigger", b"stacktrace")
    }

    /// Counts hits by the values of fields, in the event's file `hist`: `b"keys=dfd"`.
    ///
    /// documentation: [`Documentation/trace/histogram.rst`](srctree/Documentation/trace/histogram.rst)
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the kernel refuses it; the log has what it says. `EOPNOTSUPP` if it is built without
    /// `CONFIG_HIST_TRIGGERS`.
    pub fn hist(&self, what: &[u8]) -> Result {
        if cfg!(not(CONFIG_HIST_TRIGGERS)) {
            log!(
                ERR,
                "{}: this kernel is built without CONFIG_HIST_TRIGGERS\n",
                &*self.0
            );
            return Err(errno::error(kernel::bindings::EOPNOTSUPP));
        }
        let text = CString::try_from_fmt(fmt!("hist:{}", BStr::from_bytes(what)))?;
        self.write(c"trigger", text.to_bytes())
    }

    /// How often it was hit.
    ///
    /// # Errors
    ///
    /// [`ENOENT`] if somebody has removed the event.
    pub fn profile(&self) -> Result<Profile> {
        // Both list the same events in the same order, and one of them without the groups.
        let (events, profile) = (
            files::read(c"kprobe_events")?,
            files::read(c"kprobe_profile")?,
        );
        let mut lines = events.split(|&c| c == b'\n');
        let position = lines.position(|line| self.0.is_in(line)).ok_or(ENOENT)?;
        let line = profile.split(|&c| c == b'\n').nth(position).ok_or(ENOENT)?;
        let mut words = line.split(|&c| c == b' ').filter(|word| !word.is_empty());
        if words.next() != Some(self.0.name.to_bytes()) {
            return Err(ENOENT);
        }
        let mut number = || {
            let digits = words.next()?;
            digits.iter().try_fold(0u64, |number, digit| {
                let digit = char::from(*digit).to_digit(10)?;
                number.checked_mul(10)?.checked_add(digit.into())
            })
        };
        let (hits, missed) = (number().ok_or(ENOENT)?, number().ok_or(ENOENT)?);
        Ok(Profile { hits, missed })
    }

    /// Writes to one of the event's files; the cause of an error is in the log.
    fn write(&self, file: &CStr, text: &[u8]) -> Result {
        self.0.write(file, text).inspect_err(|error| {
            if *error == EINVAL {
                log!(
                    ERR,
                    "{}: {} ({})\n",
                    &*self.0,
                    Refusal::of(text),
                    Errno(*error)
                );
            } else {
                let (text, why) = (BStr::from_bytes(text), files::why(*error));
                log!(
                    ERR,
                    "{}: \"{}\" to its {}: {} ({})\n",
                    &*self.0,
                    text,
                    file,
                    why,
                    Errno(*error)
                );
            }
        })
    }
}

impl fmt::Display for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_fmt(fmt!("the event {}/{}", &*self.group, &*self.name))
    }
}

impl Registered {
    fn write(&self, file: &CStr, text: &[u8]) -> Result {
        let (group, name) = (&*self.group, &*self.name);
        let path = CString::try_from_fmt(fmt!("events/{}/{}/{}", group, name, file))?;
        files::write(&path, text)
    }

    fn disable(&self) -> Result {
        // SAFETY: Process context; the names are NUL-terminated.
        to_result(unsafe {
            bindings::rprobes_event_set(self.group.as_char_ptr(), self.name.as_char_ptr(), false)
        })
    }

    /// Whether a line of `kprobe_events` is about this: `p:group/name place ...`.
    fn is_in(&self, line: &[u8]) -> bool {
        let of = |line: &[u8]| {
            let colon = line.iter().position(|&c| c == b':')?;
            let rest = line[colon + 1..].strip_prefix(self.group.to_bytes())?;
            let rest = rest
                .strip_prefix(b"/")?
                .strip_prefix(self.name.to_bytes())?;
            rest.starts_with(b" ").then_some(())
        };
        of(line).is_some()
    }

    /// Removes all triggers, which keep an event from being removed.
    fn remove_triggers(&self) -> Result {
        let (group, name) = (&*self.group, &*self.name);
        let path = CString::try_from_fmt(fmt!("events/{}/{}/trigger", group, name))?;
        let triggers = files::read(&path)?;
        let lines = || {
            triggers
                .split(|&c| c == b'\n')
                .filter(|line| !line.is_empty() && !line.starts_with(b"#"))
        };
        let mut result = Ok(());
        for line in lines() {
            // What follows is its state: hist:keys=dfd:... [active].
            let end = line
                .windows(2)
                .position(|two| two == b" [")
                .unwrap_or(line.len());
            let command = CString::try_from_fmt(fmt!("!{}", BStr::from_bytes(&line[..end])))?;
            result = self.write(c"trigger", command.to_bytes()).and(result);
        }
        result
    }
}

impl Made for Registered {
    const KIND: u32 = 1;

    fn remove(&self, leaked: bool) {
        let (group, name) = (&*self.group, &*self.name);
        if leaked {
            log!(
                WARNING,
                "the event {}/{} was leaked (mem::forget, or a reference cycle?); removing it\n",
                group,
                name
            );
        } else {
            // Those that were leaked are gone by now.
            instance::disable_in_all(group, name);
        }
        // If somebody has removed it, there is nothing to disable.
        let _ = self.disable();
        let triggers = self.remove_triggers();
        // With its place, lest it be another one of that name. The kernel does not know them by their addresses.
        let what = if self.what.to_bytes().starts_with(b"0x") {
            c""
        } else {
            &*self.what
        };
        let result = CString::try_from_fmt(fmt!("-:{}/{} {}", group, name, what))
            .and_then(|command| command_of(&command));
        match result {
            Ok(()) | Err(ENOENT) => {}
            Err(error) => log!(
                WARNING,
                "the event {}/{} stays: {}; echo '-:{}/{}' >>/sys/kernel/tracing/kprobe_events removes it later ({})\n",
                group,
                name,
                match triggers {
                    _ if error != EBUSY => "the kernel does not remove it",
                    Err(_) => "it has triggers that cannot be removed here",
                    Ok(()) => "it is in use (perf or trace-cmd records it, or it is enabled in an instance)",
                },
                group,
                name,
                Errno(error)
            ),
        }
    }
}
