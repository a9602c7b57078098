// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Where to put a probe.

use core::marker::PhantomData;

use kernel::{
    bindings::KSYM_NAME_LEN,
    fmt::{self, Display},
    prelude::*,
    str::{parse_int::ParseInt, BStr},
};

use crate::{
    errno::error,
    machine::arch,
    types::{AnyTracepoint, Raw, Signature},
};

/// The longest symbol name that the kernel knows, in bytes without the NUL: 511.
const NAME_MAX: usize = KSYM_NAME_LEN as usize - 1;

/// Where to put a probe: a kernel function by name, an instruction inside one, or an address.
///
/// Nothing is looked up before the probe is registered. Names that the kernel has given up are understood: `_do_fork`
/// of older tutorials means `kernel_clone` on a kernel that has no `_do_fork`, and `sys_kill` the
/// [system call](Self::syscall), and the kernel log says so. A function in a module is `module:function`.
///
/// `F` is the function, if it is named by [`kernel_types!`](crate::kernel_types!): `vfs_read::TARGET` is a `Target<vfs_read>`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::Target;
///
/// # fn example() -> Result {
/// let entry = Target::symbol(c"vfs_read");
/// let inside = Target::symbol(c"vfs_read").offset(0x10);
/// let second = Target::symbol(c"s_next").position(2);
/// let either = Target::first_of(&[c"blk_account_io_start", c"__blk_account_io_start"]);
/// let call = Target::syscall(c"openat");
/// let from_user = Target::parse(b"ext4:ext4_sync_file+0x2b")?;
/// # Ok(())
/// # }
/// ```
pub struct Target<'a, F = Raw> {
    pub(crate) place: Place<'a>,
    /// Which of several symbols of that name, counted from 1; 0 if there must be only one.
    pub(crate) position: u32,
    pub(crate) offset: u32,
    pub(super) function: PhantomData<fn() -> F>,
}

impl<F> Clone for Target<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for Target<'_, F> {}

#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// A name, or `module:name`.
    Symbol(&'a [u8]),
    /// The first of these that exists.
    FirstOf(&'a [&'a CStr]),
    Address(usize),
    /// A system call without the `sys_`, and what the name of its entry function begins with.
    Syscall(&'a [u8], &'static str),
    /// A tracepoint, or `module:tracepoint`. Only in targets for what is planted at tracepoints.
    Tracepoint(&'a [u8]),
}

impl<'a, F> Target<'a, F> {
    const fn at(place: Place<'a>) -> Self {
        Self {
            place,
            position: 0,
            offset: 0,
            function: PhantomData,
        }
    }

    /// The function that a declaration stands for.
    #[doc(hidden)]
    pub const fn of(name: &'a CStr) -> Self {
        Self::at(Place::Symbol(name.to_bytes()))
    }

    /// The system call that a declaration stands for.
    #[doc(hidden)]
    pub const fn of_syscall(name: &'a CStr) -> Self {
        Self::at(Place::Syscall(name.to_bytes(), arch::SYSCALL))
    }

    /// The tracepoint that a declaration stands for.
    #[doc(hidden)]
    pub const fn of_tracepoint(name: &'a CStr) -> Self {
        Self::at(Place::Tracepoint(name.to_bytes()))
    }

    /// The same place, of which the caller knows something else.
    pub(crate) const fn of_function<G>(self) -> Target<'a, G> {
        Target {
            place: self.place,
            position: self.position,
            offset: self.offset,
            function: PhantomData,
        }
    }
}

impl<'a, F: Signature> Target<'a, F> {
    /// The same place, of which nothing else is known.
    pub const fn raw(self) -> Target<'a> {
        self.of_function()
    }
}

impl<'a> Target<'a, AnyTracepoint> {
    /// The tracepoint called `name`, for a [`Tracepoint`](crate::Tracepoint); one in a module is `module:name`. The
    /// group of its event, as in `kmem:kmalloc`, is not part of the name.
    pub const fn tracepoint(name: &'a CStr) -> Self {
        Self::of_tracepoint(name)
    }

    /// Reads what a user writes in a module parameter: `tracepoint` or `module:tracepoint`.
    ///
    /// # Errors
    ///
    /// As for [`parse`](Target::parse).
    pub fn parse_tracepoint(text: &'a [u8]) -> Result<Self> {
        let target = Self::at(Place::Tracepoint(text.trim_ascii()));
        target.of_function::<Raw>().check()?;
        Ok(target)
    }
}

impl<'a> Target<'a> {
    /// The function called `name`, or `module:name`.
    pub const fn symbol(name: &'a CStr) -> Self {
        Self::at(Place::Symbol(name.to_bytes()))
    }

    /// The first of several names that exists when the probe is registered, for a function whose name differs from
    /// kernel to kernel.
    pub const fn first_of(names: &'a [&'a CStr]) -> Self {
        Self::at(Place::FirstOf(names))
    }

    /// The system call `name`, without `sys_`: the function by which it is entered, such as `__x64_sys_kill` or
    /// `__arm64_sys_kill`.
    ///
    /// Its arguments are not in the registers there: [`Context::syscall`](crate::Context::syscall) has them. A single
    /// probe does not see callers with 32 bits where these enter by another function; in a
    /// [`ProbeSet`](crate::ProbeSet) it does. [`parse`](Self::parse) reads one from `sys_kill`.
    #[doc(alias = "SYSCALL_DEFINE")]
    pub const fn syscall(name: &'a CStr) -> Self {
        Self::at(Place::Syscall(name.to_bytes(), arch::SYSCALL))
    }

    /// The instruction at `address`.
    pub const fn address(address: usize) -> Self {
        Self::at(Place::Address(address))
    }

    /// The `n`-th of several functions of the same name, counted from 1 in the order of `/proc/kallsyms`.
    ///
    /// Without it, a name that several functions have is refused, and the kernel log lists them by position. The
    /// positions are those of livepatch.
    #[doc(alias = "sympos")]
    #[must_use]
    pub const fn position(mut self, n: u32) -> Self {
        self.position = n;
        self
    }

    /// The instruction `offset` bytes further on. It must be the first byte of an instruction.
    #[must_use]
    pub const fn offset(mut self, offset: u32) -> Self {
        self.offset = offset;
        self
    }

    /// Reads what a user writes in a module parameter: `function`, `function+0x1f`, `module:function+31`,
    /// `function#2` for the second [position](Self::position), or an address `0xffffffff81083470`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for anything else and `ENAMETOOLONG` for a name longer than the kernel's `KSYM_NAME_LEN`; the
    /// kernel log says what is wrong.
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        let text = text.trim_ascii();
        if text.starts_with(b"0x") {
            return number(text).map(Self::address).ok_or_else(|| {
                log!(
                    ERR,
                    "{}: not an address; write one as 0xffffffff81083470\n",
                    BStr::from_bytes(text)
                );
                EINVAL
            });
        }
        let (rest, offset) = split(text, b'+');
        let (name, position) = split(rest, b'#');
        let offset = match offset {
            None => 0,
            Some(digits) => number(digits).ok_or_else(|| {
                log!(
                    ERR,
                    "{}: no number behind the +; write an offset as function+0x1f or function+31\n",
                    BStr::from_bytes(text)
                );
                EINVAL
            })?,
        };
        let position = match position {
            None => 0,
            Some(digits) => number(digits)
                .and_then(|n| u32::try_from(n).ok())
                .filter(|n| *n > 0)
                .ok_or_else(|| {
                    log!(
                        ERR,
                        "{}: no number behind the #; write the second function of a name as function#2\n",
                        BStr::from_bytes(text)
                    );
                    EINVAL
                })?,
        };
        let offset = u32::try_from(offset).map_err(|_| {
            log!(
                ERR,
                "{}: no function is that long\n",
                BStr::from_bytes(text)
            );
            EINVAL
        })?;
        let target = Self {
            place: Place::Symbol(name),
            position,
            offset,
            function: PhantomData,
        };
        target.check()?;
        Ok(target)
    }

    /// The module of a `module:function`.
    pub(crate) fn module(&self) -> Option<&'a [u8]> {
        let Place::Symbol(name) = self.place else {
            return None;
        };
        let colon = name.iter().position(|&c| c == b':')?;
        Some(&name[..colon])
    }

    /// Refuses what cannot be a symbol name, before the kernel sees it.
    pub(crate) fn check(&self) -> Result {
        match self.place {
            Place::Symbol(name) | Place::Syscall(name, _) | Place::Tracepoint(name) => check(name),
            Place::FirstOf([]) => check(b""),
            Place::FirstOf(names) => names.iter().try_for_each(|name| check(name.to_bytes())),
            Place::Address(_) => Ok(()),
        }
    }
}

fn check(name: &[u8]) -> Result {
    if name.is_empty() {
        log!(
            ERR,
            "no symbol given: name a kernel function, for example symbol=kernel_clone\n"
        );
        return Err(EINVAL);
    }
    if name.len() > NAME_MAX {
        log!(
            ERR,
            "the symbol name that starts with {} has {} characters; the kernel has none longer than {}\n",
            BStr::from_bytes(&name[..24]),
            name.len(),
            NAME_MAX
        );
        return Err(error(kernel::bindings::ENAMETOOLONG));
    }
    if !name.iter().all(|c| c.is_ascii_graphic()) {
        log!(ERR, "{}: not a symbol name\n", BStr::from_bytes(name));
        return Err(EINVAL);
    }
    Ok(())
}

/// What stands before `mark`, and behind it if it is there.
fn split(text: &[u8], mark: u8) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|&c| c == mark) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

/// A number in decimal, or in hexadecimal after `0x`.
fn number(text: &[u8]) -> Option<usize> {
    usize::from_str(BStr::from_bytes(text)).ok()
}

impl Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Symbol(name) | Place::Tracepoint(name) => {
                f.write_str(core::str::from_utf8(name).unwrap_or("?"))?;
            }
            Place::FirstOf(names) => {
                for (i, name) in names.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { " or " })?;
                    f.write_str(name.to_str().unwrap_or("?"))?;
                }
            }
            Place::Address(address) => write!(f, "{address:#x}")?,
            Place::Syscall(name, _) => {
                f.write_str("sys_")?;
                f.write_str(core::str::from_utf8(name).unwrap_or("?"))?;
            }
        }
        if self.position != 0 {
            write!(f, "#{}", self.position)?;
        }
        if self.offset != 0 {
            write!(f, "+{:#x}", self.offset)?;
        }
        Ok(())
    }
}
