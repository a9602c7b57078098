// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! From a target to the one place that it stands for. What is wrong with a target is said in the kernel log here.

use core::ffi::CStr;

use kernel::{
    fmt,
    prelude::*,
    str::{BStr, CString},
};

use super::{
    kallsyms,
    names::{renamed, Near},
    symbol::Buffer,
    target::{Place, Target},
    tracepoint, Section,
};
use crate::{
    errno::{self, Errno},
    machine::arch,
};

/// The one place that a target stands for.
pub struct Location {
    /// The name of a tracepoint, or of a function, for a kernel that looks names up for nobody but itself; else `start` is known.
    pub(crate) name: Option<CString>,
    /// Where the function begins.
    pub(crate) start: usize,
    /// How far the instruction is into it.
    pub(crate) offset: usize,
    pub(crate) in_module: bool,
}

impl Location {
    /// The entry of a function, by its address.
    pub(crate) fn of(function: usize) -> Self {
        let mut buffer = Buffer::new();
        Self {
            name: None,
            start: function,
            offset: 0,
            in_module: buffer
                .entry(function)
                .is_some_and(|entry| !entry.module.is_empty()),
        }
    }

    /// No place: that of a probe which knows better.
    pub(crate) fn nowhere() -> Self {
        Self {
            name: None,
            start: 0,
            offset: 0,
            in_module: false,
        }
    }

    /// That of something with a name, to be looked up by whoever plants a probe there.
    fn named(name: &[u8]) -> Result<Self> {
        Ok(Self {
            name: Some(c_string(name)?),
            ..Self::nowhere()
        })
    }

    /// Whether the function that `target` names still is where it was found: its module may have made way for another
    /// meanwhile. Process context.
    pub(crate) fn is_still_of(&self, target: &Target<'_>) -> bool {
        if self.name.is_some() {
            return true;
        }
        if let Place::Symbol(full) = target.place {
            let name = match full.iter().position(|&c| c == b':') {
                Some(colon) => &full[colon + 1..],
                None => full,
            };
            let mut buffer = Buffer::new();
            let entry = buffer.entry(self.start);
            if entry.is_some_and(|entry| entry.start == self.start && entry.name == name) {
                return true;
            }
        }
        // It has several names, or one of several was asked for.
        matches!(find(target), Ok(Some(again)) if again.start == self.start)
    }
}

impl Location {
    /// How tracefs names this place, where `target` was found: by a name that no other function has, or by its address.
    /// Process context.
    pub(crate) fn spelled(&self, target: &Target<'_>) -> Result<CString> {
        if let Some(name) = &self.name {
            return self.with_offset(fmt!("{}", &**name));
        }
        let mut buffer = Buffer::new();
        let entry = buffer.entry(self.start);
        let written: &[&[u8]] = match target.place {
            Place::Symbol(name) => &[name, renamed(name).map_or(name, |(new, _)| new.to_bytes())],
            _ => &[],
        };
        let others: &[&CStr] = match target.place {
            Place::FirstOf(names) => names,
            _ => &[],
        };
        let others = others.iter().map(|name| name.to_bytes());
        for full in Iterator::chain(written.iter().copied(), others) {
            let colon = full.iter().position(|&c| c == b':');
            let module = colon.map_or(&b""[..], |colon| &full[..colon]);
            if self.is_alone(&full[colon.map_or(0, |colon| colon + 1)..], module)? {
                return self.with_offset(fmt!("{}", BStr::from_bytes(full)));
            }
        }
        match entry {
            Some(entry)
                if entry.start == self.start && self.is_alone(entry.name, entry.module)? =>
            {
                let (module, colon) =
                    (entry.module, if entry.module.is_empty() { "" } else { ":" });
                self.with_offset(fmt!(
                    "{}{}{}",
                    BStr::from_bytes(module),
                    colon,
                    BStr::from_bytes(entry.name)
                ))
            }
            _ => CString::try_from_fmt(fmt!("{:#x}", self.start + self.offset)),
        }
    }

    fn with_offset(&self, name: fmt::Arguments<'_>) -> Result<CString> {
        if self.offset == 0 {
            CString::try_from_fmt(name)
        } else {
            CString::try_from_fmt(fmt!("{}+{}", name, self.offset))
        }
    }

    /// Whether this is the only function of that name.
    fn is_alone(&self, name: &[u8], module: &[u8]) -> Result<bool> {
        let (name, module) = (c_string(name)?, c_string(module)?);
        let module = (!module.to_bytes().is_empty()).then_some(&*module);
        Ok(kallsyms::addresses(&name, module)?[..] == [self.start])
    }
}

/// How many functions of one name are listed.
const LISTED: usize = 16;

/// The one place that `target` stands for. Process context.
///
/// # Errors
///
/// The cause is in the kernel log.
///
/// - [`ENOENT`]: there is none.
/// - `EADDRNOTAVAIL`: there are several.
/// - [`EINVAL`]: the offset is beyond the end of the function, or there is no such position.
/// - [`ENOMEM`].
pub(crate) fn resolve(target: &Target<'_>) -> Result<Location> {
    find(target)?.ok_or_else(|| {
        explain_absence(target);
        ENOENT
    })
}

/// As [`resolve`], but it is not an error, and not in the log, that there is no such place.
pub(crate) fn find(target: &Target<'_>) -> Result<Option<Location>> {
    target.check()?;
    match target.place {
        Place::Address(address) => Ok(at_address(address, target.offset)),
        Place::FirstOf(names) => {
            for name in names {
                let found = by_name(name.to_bytes(), target)?;
                if found.is_some() {
                    return Ok(found);
                }
            }
            Ok(None)
        }
        Place::Symbol(name) => {
            let found = by_name(name, target)?;
            if found.is_some() {
                return Ok(found);
            }
            if let Some((new, since)) = renamed(name) {
                let found = by_name(new.to_bytes(), target)?;
                if found.is_some() {
                    log!(
                        INFO,
                        "{} is {} since Linux {}: probing that\n",
                        BStr::from_bytes(name),
                        new,
                        since
                    );
                }
                return Ok(found);
            }
            let Some(call) = name.strip_prefix(SYSCALL) else {
                return Ok(None);
            };
            let entry = entry(call, arch::SYSCALL)?;
            let found = by_name(entry.to_bytes(), target)?;
            if found.is_some() {
                log!(
                    INFO,
                    "{} is a system call: probing {}, where its arguments are not in the registers, but to be had by \
                     cx.syscall()\n",
                    BStr::from_bytes(name),
                    &*entry
                );
            }
            Ok(found)
        }
        Place::Syscall(call, prefix) => by_name(entry(call, prefix)?.to_bytes(), target),
        Place::Tracepoint(name) => {
            let found = tracepoint::find(name)?;
            found.map(|_| Location::named(name)).transpose()
        }
    }
}

/// What system calls are called by those who do not care about architectures.
const SYSCALL: &[u8] = b"sys_";

/// The name of an entry function of a system call.
fn entry(call: &[u8], prefix: &str) -> Result<CString> {
    CString::try_from_fmt(fmt!("{}{}", prefix, BStr::from_bytes(call)))
}

/// The entry functions besides its own by which callers with 32 bits make the system call that `target` is. None if it
/// is something else, or an instruction inside the function. Process context.
pub(crate) fn entries_of_32<'a>(target: &Target<'a>) -> Result<KVec<Target<'a>>> {
    let mut entries = KVec::new();
    // A kernel that looks no names up has none.
    let addresses = |name: &CStr| {
        kallsyms::addresses(name, None).or_else(|error| {
            if errno::is(error, kernel::bindings::EOPNOTSUPP) {
                Ok(KVec::new())
            } else {
                Err(error)
            }
        })
    };
    let call = match target.place {
        Place::Syscall(call, _) => call,
        Place::Symbol(name) => match name.strip_prefix(SYSCALL) {
            Some(call) if addresses(&c_string(name)?)?.is_empty() => call,
            _ => return Ok(entries),
        },
        Place::FirstOf(_) | Place::Address(_) | Place::Tracepoint(_) => return Ok(entries),
    };
    if target.position != 0 || target.offset != 0 {
        return Ok(entries);
    }
    let native = addresses(&entry(call, arch::SYSCALL)?)?;
    for prefix in arch::SYSCALL_32 {
        // A call without arguments has several names for one entry.
        let found = addresses(&entry(call, prefix)?)?;
        if found.iter().any(|address| !native.contains(address)) {
            let place = Place::Syscall(call, prefix);
            entries.push(Target { place, ..*target }, GFP_KERNEL)?;
        }
    }
    Ok(entries)
}

fn at_address(address: usize, offset: u32) -> Option<Location> {
    let at = address.checked_add(offset as usize)?;
    let mut buffer = Buffer::new();
    let entry = buffer.entry(at)?;
    Some(Location {
        name: None,
        start: entry.start,
        offset: at - entry.start,
        in_module: !entry.module.is_empty(),
    })
}

fn by_name(full: &[u8], target: &Target<'_>) -> Result<Option<Location>> {
    let colon = full.iter().position(|&c| c == b':');
    let name = c_string(&full[colon.map_or(0, |colon| colon + 1)..])?;
    let module = colon.map(|colon| c_string(&full[..colon])).transpose()?;
    let addresses = match kallsyms::addresses(&name, module.as_deref()) {
        Ok(addresses) => addresses,
        Err(error) if errno::is(error, kernel::bindings::EOPNOTSUPP) => {
            log!(
                WARNING,
                "this kernel looks no names up for modules: if several functions are called {}, one of them is probed\n",
                BStr::from_bytes(full)
            );
            return Ok(Some(Location {
                name: Some(c_string(full)?),
                start: 0,
                offset: target.offset as usize,
                in_module: colon.is_some(),
            }));
        }
        Err(error) => return Err(error),
    };
    let Some(start) = choose(full, &addresses, target)? else {
        return Ok(None);
    };
    let mut buffer = Buffer::new();
    let entry = buffer.entry(start);
    let size = entry.map_or(usize::MAX, |entry| entry.start + entry.size - start);
    let offset = target.offset as usize;
    if offset >= size {
        log!(
            ERR,
            "no probe at {}: the offset is beyond the end of the function, which is {:#x} bytes long\n",
            target,
            size
        );
        return Err(EINVAL);
    }
    Ok(Some(Location {
        name: None,
        start,
        offset,
        in_module: entry.is_some_and(|entry| !entry.module.is_empty()),
    }))
}

fn c_string(text: &[u8]) -> Result<CString> {
    CString::try_from_fmt(fmt!("{}", BStr::from_bytes(text)))
}

/// The one of the addresses that is meant.
fn choose(name: &[u8], addresses: &[usize], target: &Target<'_>) -> Result<Option<usize>> {
    match (addresses, target.position) {
        ([], _) => return Ok(None),
        ([one], 0) => return Ok(Some(*one)),
        (_, 0) => {}
        (_, position) => {
            let chosen = addresses.get(position as usize - 1).copied();
            if chosen.is_none() {
                log!(
                    ERR,
                    "no probe at {}: there are only {} functions of that name\n",
                    target,
                    addresses.len()
                );
            }
            return chosen.map(Some).ok_or(EINVAL);
        }
    }
    // A variable may have the name of a function.
    let mut buffer = Buffer::new();
    let mut is_code = |address| {
        let in_module = buffer
            .entry(address)
            .is_some_and(|entry| !entry.module.is_empty());
        Section::of(address, in_module) != Section::Data
    };
    let mut functions: KVec<(usize, usize)> = KVec::new();
    for (i, address) in addresses.iter().enumerate() {
        if is_code(*address) {
            functions.push((i + 1, *address), GFP_KERNEL)?;
        }
    }
    if let [(_, one)] = functions[..] {
        return Ok(Some(one));
    }
    let name = BStr::from_bytes(name);
    log!(
        ERR,
        "{} is the name of {} functions; give the position of the one you mean, such as {}#{}:\n",
        name,
        functions.len(),
        name,
        functions.last().map_or(1, |(position, _)| *position)
    );
    for (position, address) in functions.iter().take(LISTED) {
        list(name, *position, *address);
    }
    if functions.len() > LISTED {
        log!(
            ERR,
            "  and {} more, in the order of /proc/kallsyms\n",
            functions.len() - LISTED
        );
    }
    Err(errno::error(kernel::bindings::EADDRNOTAVAIL))
}

/// Says which of several functions one is: what stands before and behind it, which is from the same source file.
fn list(name: &BStr, position: usize, address: usize) {
    let (mut this, mut before, mut behind) = (Buffer::new(), Buffer::new(), Buffer::new());
    let this = this.entry(address);
    let mut end = address - 1;
    // The padding in front of a function is a symbol, too.
    if let Some(padding) = before.entry(end).filter(|e| e.name.starts_with(b"__pfx_")) {
        end = padding.start - 1;
    }
    let before = before.entry(end).map_or(&b"?"[..], |entry| entry.name);
    let behind = this
        .and_then(|entry| behind.entry(entry.start + entry.size))
        .map_or(&b"?"[..], |entry| entry.name);
    let module = this.map_or(&b""[..], |entry| entry.module);
    log!(
        ERR,
        "  {}#{}: between {} and {}{}{}\n",
        name,
        position,
        BStr::from_bytes(before),
        BStr::from_bytes(behind.strip_prefix(b"__pfx_").unwrap_or(behind)),
        if module.is_empty() {
            ""
        } else {
            ", in module "
        },
        BStr::from_bytes(module)
    );
}

fn explain_absence(target: &Target<'_>) {
    let errno = Errno(ENOENT);
    match target.place {
        Place::Address(_) => log!(
            ERR,
            "no probe at {}: no kernel function is there ({})\n",
            target,
            errno
        ),
        Place::Symbol(_) if target.module().is_some() => log!(
            ERR,
            "no probe at {}: no such function, or its module is not loaded: load it first, or let WhenLoaded wait \
             for it ({})\n",
            target,
            errno
        ),
        Place::Symbol(name) => log!(
            ERR,
            "no probe at {}: no such function in /proc/kallsyms (misspelt, inlined, or in a module that is not \
             loaded){} ({})\n",
            target,
            Near::find(name),
            errno
        ),
        Place::Syscall(..) => log!(
            ERR,
            "no probe at {}: this kernel has no such system call ({})\n",
            target,
            errno
        ),
        Place::Tracepoint(name) => tracepoint::explain_absence(name),
        Place::FirstOf(_) => log!(
            ERR,
            "no probe at {}: none of these functions is in /proc/kallsyms ({})\n",
            target,
            errno
        ),
    }
}
