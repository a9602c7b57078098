// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which functions to probe, and what was found of them.

use core::ffi::CStr;

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::{BStr, CString},
};

use super::{
    kallsyms,
    module::Pin,
    resolve::{find, resolve},
    symbol::Buffer,
    target::Target,
    Section,
};
use crate::{
    bindings,
    errno::{self, Errno},
    machine::arch,
    types::Raw,
};

/// Functions to probe at once: one, a list, or all whose names match a pattern.
///
/// Nothing is looked up before the probe is registered.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{fprobe::Functions, Target};
///
/// # fn example() -> Result {
/// let one = Functions::from(Target::symbol(c"vfs_read"));
/// let list = [Target::symbol(c"vfs_read"), Target::symbol(c"vfs_write")];
/// let all_of_them = Functions::list(&list);
/// let as_many_as_exist = Functions::list(&list).that_exist();
/// let matching = Functions::matching(c"vfs_* !vfs_fs*");
/// let of_a_module = Functions::matching(c"ext4:ext4_*");
/// let from_user = Functions::parse(b"vfs_read,vfs_w*")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Functions<'a, F = Raw> {
    what: What<'a, F>,
    that_exist: bool,
}

#[derive(Clone, Copy)]
enum What<'a, F> {
    One(Target<'a, F>),
    List(&'a [Target<'a, F>]),
    /// Names and patterns, and what to leave out behind a `!`.
    Words(&'a [u8]),
}

impl<'a, F> From<Target<'a, F>> for Functions<'a, F> {
    fn from(target: Target<'a, F>) -> Self {
        Self {
            what: What::One(target),
            that_exist: false,
        }
    }
}

impl<'a, F> Functions<'a, F> {
    /// These functions. Unless it is for those [that exist](Self::that_exist), all of them or none.
    pub const fn list(targets: &'a [Target<'a, F>]) -> Self {
        Self {
            what: What::List(targets),
            that_exist: false,
        }
    }

    /// Leaves out functions that cannot be probed, instead of refusing all of them.
    /// [`Fprobe::left_out`](crate::fprobe::Fprobe::left_out) has a list of them.
    #[must_use]
    pub const fn that_exist(mut self) -> Self {
        self.that_exist = true;
        self
    }
}

impl<'a> Functions<'a> {
    /// The functions whose names match one of these patterns, and none behind a `!`: `vfs_* !vfs_fs*`. Blanks or commas are between
    /// them. In patterns there may be `*`, `?` and `[a-z]`. `ext4:ext4_*` are functions of a module; without one,
    /// they are the kernel's own.
    ///
    /// Functions that match a pattern and cannot be probed are left out; a name without pattern must exist, unless it is for those
    /// [that exist](Self::that_exist).
    #[doc(alias = "ftrace_set_filter")]
    #[doc(alias = "register_fprobe")]
    pub const fn matching(patterns: &'a CStr) -> Self {
        Self {
            what: What::Words(patterns.to_bytes()),
            that_exist: false,
        }
    }

    /// Reads what a user writes in a module parameter: what [`matching`](Self::matching) takes; or a single function, as for
    /// [`Target::parse`].
    ///
    /// # Errors
    ///
    /// As for [`Target::parse`].
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        let text = text.trim_ascii();
        if !text.is_empty() && (is_pattern(text) || words(text).count() > 1) {
            return Ok(Self {
                what: What::Words(text),
                that_exist: false,
            });
        }
        Target::parse(text).map(Self::from)
    }
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    text.split(|c| c.is_ascii_whitespace() || *c == b',')
        .filter(|word| !word.is_empty())
}

fn is_pattern(word: &[u8]) -> bool {
    word.iter().any(|c| b"*?[".contains(c))
}

impl<F> Functions<'_, F> {
    /// Whether it is one function, by its name or address.
    pub(crate) fn is_one(&self) -> bool {
        matches!(self.what, What::One(_))
    }
}

impl<F> Display for Functions<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::One(target) => Display::fmt(&target.of_function::<Raw>(), f),
            What::List([]) => f.write_str("no functions"),
            What::List([one]) => Display::fmt(&one.of_function::<Raw>(), f),
            What::List([first, rest @ ..]) => {
                Display::fmt(&first.of_function::<Raw>(), f)?;
                write!(f, " and {} others", rest.len())
            }
            What::Words(text) => Display::fmt(BStr::from_bytes(text), f),
        }
    }
}

/// Why a function was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// There is no such function.
    Missing,
    /// ftrace cannot call anything there: it is notrace, or has no room for the call.
    NotTraceable,
    /// Several functions have the name.
    Ambiguous,
    /// kprobes are forbidden there, and the kernel has nothing else for it.
    Blacklisted,
}

/// A function that was left out; prints as `vfs_fsync: not traceable`.
pub struct LeftOut {
    name: Name,
    why: Why,
}

enum Name {
    Written(CString),
    At(usize),
}

impl LeftOut {
    /// Why it was left out.
    pub fn why(&self) -> Why {
        self.why
    }

    pub(crate) fn at(address: usize, why: Why) -> Self {
        Self {
            name: Name::At(address),
            why,
        }
    }
}

impl Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Written(name) => f.write_str(name.to_str().unwrap_or("?"))?,
            Name::At(address) => {
                let mut buffer = Buffer::new();
                let name = buffer.entry(*address).map_or(&b"?"[..], |entry| entry.name);
                Display::fmt(BStr::from_bytes(name), f)?;
            }
        }
        f.write_str(match self.why {
            Why::Missing => ": no such function",
            Why::NotTraceable => ": not traceable",
            Why::Ambiguous => ": several functions have this name",
            Why::Blacklisted => ": kprobes are forbidden there",
        })
    }
}

/// The functions that were found.
#[derive(Default)]
pub(crate) struct Selected {
    /// Where they begin.
    pub(crate) functions: KVVec<usize>,
    /// Where ftrace calls from in each of them; none if it cannot.
    pub(crate) sites: KVVec<usize>,
    pub(crate) left_out: KVVec<LeftOut>,
    /// Those of them that were asked for by their names, if there are patterns, too.
    named: KVec<usize>,
    /// Whether some may be left out that turn out to be forbidden.
    pub(crate) may_leave_out: bool,
    /// Keeps the modules that they are in.
    pub(crate) pins: KVec<Pin>,
}

impl<F> Functions<'_, F> {
    /// How many functions can be probed of these at the moment. Process context.
    ///
    /// # Errors
    ///
    /// As for [`Fprobe::new`](crate::Fprobe::new).
    pub fn count(&self) -> Result<usize> {
        Ok(self.select()?.functions.len())
    }

    /// Looks them up. Process context. If there is something wrong, that is in the kernel log.
    pub(crate) fn select(&self) -> Result<Selected> {
        let mut selected = Selected {
            may_leave_out: self.that_exist || matches!(self.what, What::Words(_)),
            ..Selected::default()
        };
        match self.what {
            What::One(target) => selected.add(&target.of_function::<Raw>(), false)?,
            What::List(targets) => {
                for target in targets {
                    selected.add(&target.of_function::<Raw>(), self.that_exist)?;
                }
            }
            What::Words(text) => {
                for word in words(text).filter(|word| word[0] != b'!') {
                    if is_pattern(word) {
                        selected.add_matching(word, text)?;
                    } else {
                        selected.add(&Target::parse(word)?, self.that_exist)?;
                    }
                }
            }
        }
        selected.find_sites(self)?;
        if selected.functions.is_empty() {
            log!(
                ERR,
                "no function probe at {}: there is no such function that can be probed{} ({})\n",
                self,
                if selected.left_out.is_empty() {
                    "; /proc/kallsyms has the names"
                } else {
                    ", none of those that match is traceable"
                },
                Errno(ENOENT)
            );
            return Err(ENOENT);
        }
        Ok(selected)
    }
}

impl Selected {
    fn add(&mut self, target: &Target<'_>, optional: bool) -> Result {
        let location = match if optional {
            find(target)
        } else {
            resolve(target).map(Some)
        } {
            Ok(Some(location)) => location,
            Err(error) if !optional || !errno::is(error, bindings::EADDRNOTAVAIL) => {
                return Err(error)
            }
            missing => {
                let why = match missing {
                    Ok(_) => Why::Missing,
                    Err(_) => Why::Ambiguous,
                };
                let name = Name::Written(CString::try_from_fmt(fmt!("{}", target))?);
                self.left_out.push(LeftOut { name, why }, GFP_KERNEL)?;
                return Ok(());
            }
        };
        if let Some(name) = &location.name {
            // The kernel looks names up for nobody but itself. A kprobe can be had there.
            log!(
                ERR,
                "no function probe at {}: this kernel looks no names up for modules; a kprobe can be had there\n",
                BStr::from_bytes(name.to_bytes())
            );
            return Err(errno::error(bindings::EOPNOTSUPP));
        }
        // Addresses of functions that the kernel shows may be behind the landing pad.
        if location.offset > arch::LANDING_PAD {
            log!(
                ERR,
                "no function probe at {}: it is inside a function; a kprobe can be had there ({})\n",
                target,
                Errno(EINVAL)
            );
            return Err(EINVAL);
        }
        let start = location.start;
        let mut buffer = Buffer::new();
        if location.in_module {
            let entry = buffer.entry(start).ok_or(ENOENT)?;
            self.pin(entry.module, start).inspect_err(|error| {
                log!(
                    ERR,
                    "no function probe at {}: its module is being loaded or unloaded, or it ran as that was loaded (__init) ({})\n",
                    target,
                    Errno(*error)
                );
            })?;
            // It may have gone, and another have come, before it was kept.
            if !location.is_still_of(target) {
                log!(ERR, "no probe at {}: its module was unloaded\n", target);
                return Err(ENOENT);
            }
        }
        self.named.push(start, GFP_KERNEL)?;
        self.push(start)
    }

    fn push(&mut self, function: usize) -> Result {
        Ok(self.functions.push(function, GFP_KERNEL)?)
    }

    /// Keeps the module of a function; of one that is not known yet, 0.
    fn pin(&mut self, module: &[u8], function: usize) -> Result {
        let pin = Pin::new(module, function)?;
        if !self.pins.iter().any(|pin| pin.is_of(module)) {
            self.pins.push(pin, GFP_KERNEL)?;
        }
        Ok(())
    }

    /// Adds the functions that match `word`, and nothing behind a `!` in `text`.
    fn add_matching(&mut self, word: &[u8], text: &[u8]) -> Result {
        let split = |word: &[u8]| -> Result<(Option<CString>, CString)> {
            let colon = word.iter().position(|&c| c == b':');
            let c_string = |text| CString::try_from_fmt(fmt!("{}", BStr::from_bytes(text)));
            Ok((
                colon.map(|colon| c_string(&word[..colon])).transpose()?,
                c_string(&word[colon.map_or(0, |colon| colon + 1)..])?,
            ))
        };
        let (module, pattern) = split(word)?;
        let mut without = KVec::new();
        for word in words(text).filter_map(|word| word.strip_prefix(b"!")) {
            without.push(split(word)?.1, GFP_KERNEL)?;
        }
        if let Some(module) = &module {
            self.pin(module.to_bytes(), 0).inspect_err(|_| {
                log!(
                    ERR,
                    "no function probe at {}: that module is not loaded\n",
                    BStr::from_bytes(word)
                );
            })?;
        }
        let mut pushed = Ok(());
        kallsyms::each_matching(&pattern, module.as_deref(), |name, address| {
            let excluded = without
                .iter()
                .any(|pattern| kallsyms::matches(pattern, name));
            // What is in front of a function is a symbol, too.
            if !excluded && !name.to_bytes().starts_with(b"__pfx_") {
                pushed = self.push(address);
            }
            pushed.is_ok()
        })?;
        pushed
    }

    /// Asks ftrace where it can call something. Of several functions, those where it cannot are left out, or are an error.
    fn find_sites<F>(&mut self, of: &Functions<'_, F>) -> Result {
        if matches!(of.what, What::Words(_)) {
            // A function may have several names, and a name match several patterns.
            // SAFETY: There are as many.
            unsafe { bindings::rprobes_sort(self.functions.as_mut_ptr(), self.functions.len()) };
        }
        let mut takes = KVVec::new();
        takes.resize(self.functions.len(), false, GFP_KERNEL)?;
        // SAFETY: Both have as many elements. Process context.
        unsafe {
            bindings::rprobes_ftrace_takes(
                self.functions.as_mut_ptr(),
                takes.as_mut_ptr(),
                self.functions.len(),
            )
        }
        if of.is_one() {
            // There are other means.
            if let ([function], [true]) = (&self.functions[..], &takes[..]) {
                self.sites.push(arch::ftrace_site(*function), GFP_KERNEL)?;
            }
            return Ok(());
        }
        let mut buffer = Buffer::new();
        let mut kept: usize = 0;
        for i in 0..self.functions.len() {
            let function = self.functions[i];
            if takes[i] {
                let before = match of.what {
                    What::Words(_) => &self.functions[kept.saturating_sub(1)..kept],
                    _ => &self.functions[..kept],
                };
                if before.contains(&function) {
                    continue;
                }
                self.sites.push(arch::ftrace_site(function), GFP_KERNEL)?;
                self.functions[kept] = function;
                kept += 1;
                continue;
            }
            let in_module = !self.pins.is_empty()
                && buffer
                    .entry(function)
                    .is_some_and(|entry| !entry.module.is_empty());
            // Variables match patterns, too.
            if Section::of(function, in_module) == Section::Data {
                continue;
            }
            let left_out = LeftOut::at(function, Why::NotTraceable);
            if !of.that_exist && self.named.contains(&function) {
                log!(
                    ERR,
                    "no function probe at {}: {}; leave it out with that_exist(), or probe it alone ({})\n",
                    of,
                    left_out,
                    Errno(EINVAL)
                );
                return Err(EINVAL);
            }
            self.left_out.push(left_out, GFP_KERNEL)?;
        }
        self.functions.truncate(kept);
        Ok(())
    }
}

/// From the place in a function that ftrace calls from to its number among those that are probed.
#[derive(Default)]
pub(crate) struct Table {
    /// The lower half of the place, and above it the number and 1; as many as a power of two, more than half of them 0.
    entries: KVVec<u64>,
    shift: u32,
}

impl Table {
    pub(crate) fn new(sites: &[usize]) -> Result<Self> {
        let bits = (sites.len() * 2)
            .next_power_of_two()
            .trailing_zeros()
            .max(2);
        let mut table = Self {
            entries: KVVec::new(),
            shift: u32::BITS - bits,
        };
        table.entries.resize(1 << bits, 0, GFP_KERNEL)?;
        for (i, site) in sites.iter().enumerate() {
            let mut at = table.begin(*site);
            while table.entries[at] != 0 {
                at = (at + 1) & (table.entries.len() - 1);
            }
            table.entries[at] = (i as u64 + 1) << 32 | u64::from(*site as u32);
        }
        Ok(table)
    }

    /// Where to look for it first. The kernel and its modules are less than 4 GiB, so the lower half is enough.
    #[inline(always)]
    fn begin(&self, site: usize) -> usize {
        ((site as u32).wrapping_mul(0x9e37_79b1) >> self.shift) as usize
    }

    /// The number of a function; 0 for one that is not in the table.
    #[inline(always)]
    pub(crate) fn index(&self, site: usize) -> usize {
        let mask = self.entries.len().wrapping_sub(1);
        let mut at = self.begin(site);
        while let Some(&entry) = self.entries.get(at) {
            if entry as u32 == site as u32 {
                return ((entry >> 32) as usize).wrapping_sub(1);
            }
            if entry == 0 {
                break;
            }
            at = (at + 1) & mask;
        }
        0
    }
}
