// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Where to put a probe.

use kernel::{
    bindings::KSYM_NAME_LEN,
    fmt::{self, Display},
    prelude::*,
    str::{parse_int::ParseInt, BStr},
};

/// The longest symbol name that the kernel knows, in bytes without the NUL: 511.
pub(crate) const NAME_MAX: usize = KSYM_NAME_LEN as usize - 1;

/// Functions of old tutorials, what they are called today, and the release that renamed them.
const RENAMED: &[(&[u8], &CStr, &str)] = &[
    (b"do_fork", c"kernel_clone", "5.10"),
    (b"_do_fork", c"kernel_clone", "5.10"),
    (b"do_sys_open", c"do_sys_openat2", "5.6"),
    (b"generic_make_request", c"submit_bio_noacct", "5.9"),
    (b"__alloc_pages_nodemask", c"__alloc_pages_noprof", "6.10"),
    (b"__kmalloc", c"__kmalloc_noprof", "6.10"),
    (b"kmem_cache_alloc", c"kmem_cache_alloc_noprof", "6.10"),
];

/// The current name of a function that was renamed, and since when.
pub(crate) fn renamed(name: &[u8]) -> Option<(&'static CStr, &'static str)> {
    RENAMED
        .iter()
        .find(|(old, ..)| *old == name)
        .map(|(_, new, since)| (*new, *since))
}

/// Where to put a probe: a kernel function by name, an instruction inside one, or an address.
///
/// Nothing is looked up before the probe is registered. A name that the kernel has renamed is understood:
/// `_do_fork` of older tutorials means `kernel_clone` on a kernel that has no `_do_fork`, and the kernel log says
/// so. A function in a module is `module:function`.
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
/// let of_a_user = Target::parse(b"ext4:ext4_sync_file+0x2b")?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) offset: u32,
}

#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// A name, or `module:name`.
    Symbol(&'a [u8]),
    Address(usize),
}

impl<'a> Target<'a> {
    /// The function called `name`, or `module:name`.
    pub const fn symbol(name: &'a CStr) -> Self {
        Self {
            place: Place::Symbol(name.to_bytes()),
            offset: 0,
        }
    }

    /// The instruction at `address`.
    pub const fn address(address: usize) -> Self {
        Self {
            place: Place::Address(address),
            offset: 0,
        }
    }

    /// The instruction `offset` bytes further on. It must be the first byte of an instruction.
    #[must_use]
    pub const fn offset(mut self, offset: u32) -> Self {
        self.offset = offset;
        self
    }

    /// Reads what a user writes in a module parameter: `function`, `function+0x1f`, `module:function+31`, or an
    /// address `0xffffffff81083470`.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] for anything else and [`ENAMETOOLONG`] for a name longer than the kernel's `KSYM_NAME_LEN`; the
    /// kernel log says what is wrong.
    pub fn parse(text: &'a [u8]) -> Result<Self> {
        let text = text.trim_ascii();
        if text.is_empty() {
            log!(
                ERR,
                "no symbol given: name a kernel function, for example symbol=kernel_clone\n"
            );
            return Err(EINVAL);
        }
        if text.starts_with(b"0x") {
            return parse_number(text).map(Self::address);
        }
        let (name, offset) = match text.iter().position(|&c| c == b'+') {
            Some(plus) => (&text[..plus], parse_number(&text[plus + 1..])?),
            None => (text, 0),
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
            offset,
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

    /// Refuses what can not be a symbol name, before the kernel sees it.
    pub(crate) fn check(&self) -> Result {
        let Place::Symbol(name) = self.place else {
            return Ok(());
        };
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
            return Err(ENAMETOOLONG);
        }
        if !name.iter().all(|c| c.is_ascii_graphic()) {
            log!(ERR, "{}: not a symbol name\n", BStr::from_bytes(name));
            return Err(EINVAL);
        }
        Ok(())
    }
}

/// A number in decimal, or in hexadecimal after `0x`.
fn parse_number(text: &[u8]) -> Result<usize> {
    usize::from_str(BStr::from_bytes(text)).map_err(|_| {
        log!(
            ERR,
            "{}: not a number; write an offset as function+0x1f or function+31\n",
            BStr::from_bytes(text)
        );
        EINVAL
    })
}

impl Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Place::Symbol(name) => f.write_str(core::str::from_utf8(name).unwrap_or("?"))?,
            Place::Address(address) => write!(f, "{address:#x}")?,
        }
        if self.offset != 0 {
            write!(f, "+{:#x}", self.offset)?;
        }
        Ok(())
    }
}
