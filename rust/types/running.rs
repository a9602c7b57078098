// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Whether the running kernel has the types that a module was built for. Only modules for kernels that no distribution built
//! ask that: others do not load into another kernel.
//!
//! Documentation: [`Documentation/bpf/btf.rst`](srctree/Documentation/bpf/btf.rst)

use core::{ptr::NonNull, slice};

use kernel::{
    error::{from_result, to_result},
    fmt::{self, Adapter, Display, Write},
    prelude::*,
};

use crate::bindings;

/// What a module was built for.
#[doc(hidden)]
pub enum Expectation {
    /// `vfs_read`, and what it takes and returns, as [`Prototype`] prints it.
    Function(&'static str, &'static str),
    /// A struct, a member of it, and where that is: its first bit, and of a bit-field how many.
    Member(&'static str, &'static str, u32, u32),
}

/// All that a module was built for: `rprobes_expected_types`.
#[doc(hidden)]
#[repr(transparent)]
pub struct Expected(bindings::rprobes_expected);

// SAFETY: It points to what never changes.
unsafe impl Sync for Expected {}

impl Expected {
    pub const fn new(all: &'static [Expectation]) -> Self {
        Self(bindings::rprobes_expected {
            first: all.as_ptr().cast(),
            count: all.len(),
            check: Some(compare),
        })
    }
}

/// Refuses the running kernel if it has other types. Process context.
///
/// # Errors
///
/// `ENOEXEC`; the kernel log says which, and how they differ.
pub(crate) fn check() -> Result {
    // SAFETY: May be called at any time.
    let Some(expected) = NonNull::new(unsafe { bindings::rprobes_expected() }.cast_mut()) else {
        return Ok(());
    };
    // SAFETY: It was made by `Expected::new`, and lives as long as the module.
    let Some(compare) = (unsafe { expected.as_ref() }).check else {
        return Ok(());
    };
    // SAFETY: It is what `Expected::new` has put there, with what it belongs to.
    to_result(unsafe { compare(expected.as_ptr()) })
}

/// # Safety
///
/// `expected` must have been made by [`Expected::new`].
unsafe extern "C" fn compare(expected: *const bindings::rprobes_expected) -> c_int {
    // SAFETY: It was made of a slice that lives as long as the module, says the caller.
    let expected = unsafe { slice::from_raw_parts((*expected).first.cast(), (*expected).count) };
    from_result(|| compare_all(expected).map(|()| 0))
}

fn compare_all(expected: &[Expectation]) -> Result {
    let Some(bytes) = Bytes::read() else {
        log!(
            WARNING,
            "whether this kernel has the types that the module was built for is not known: there is no /sys/kernel/btf/vmlinux\n"
        );
        return Ok(());
    };
    let types = Types::new(bytes.get()).ok_or(EINVAL)?;
    let at = types.index()?;
    let types = Indexed { types, at: &at };
    let mut differs = false;
    for expectation in expected {
        let is_met = match expectation {
            Expectation::Function(name, text) => types.has_function(name, text),
            Expectation::Member(of, member, bit, bits) => types.has_member(of, member, *bit, *bits),
        };
        differs |= !is_met;
    }
    if differs {
        log!(
            ERR,
            "the module was built for another kernel than the running one: build it with KDIR=/lib/modules/$(uname -r)/build\n"
        );
        return Err(crate::errno::error(kernel::bindings::ENOEXEC));
    }
    Ok(())
}

/// The types of the running kernel, as they are in its file.
///
/// # Invariants
///
/// There are `len` bytes at `start`, which belong to this.
struct Bytes {
    start: NonNull<c_void>,
    len: usize,
}

impl Bytes {
    fn read() -> Option<Self> {
        let mut start = core::ptr::null_mut();
        // SAFETY: Process context; there is room for the pointer.
        let len = unsafe { bindings::rprobes_running_types(&mut start) };
        // INVARIANT: That is what the helper returns.
        Some(Self {
            len: usize::try_from(len).ok()?,
            start: NonNull::new(start)?,
        })
    }

    fn get(&self) -> &[u8] {
        // SAFETY: By the type invariants.
        unsafe { slice::from_raw_parts(self.start.as_ptr().cast(), self.len) }
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: By the type invariants, and it is used no more.
        unsafe { bindings::rprobes_running_types_free(self.start.as_ptr()) };
    }
}

// The kinds of types.
const INT: u32 = 1;
const PTR: u32 = 2;
const ARRAY: u32 = 3;
const STRUCT: u32 = 4;
const UNION: u32 = 5;
const ENUM: u32 = 6;
const FWD: u32 = 7;
const VOLATILE: u32 = 9;
const CONST: u32 = 10;
const RESTRICT: u32 = 11;
const FUNC: u32 = 12;
const FUNC_PROTO: u32 = 13;
const VAR: u32 = 14;
const DATASEC: u32 = 15;
const DECL_TAG: u32 = 17;
const TYPE_TAG: u32 = 18;
const ENUM64: u32 = 19;

/// How many types lead from one to another at most: a kernel's have fewer.
const DEPTH: usize = 32;

#[derive(Clone, Copy)]
struct Types<'a> {
    types: &'a [u8],
    strings: &'a [u8],
}

/// A type, without what follows it.
#[derive(Clone, Copy)]
struct Type {
    at: usize,
    name: u32,
    info: u32,
    /// A size, or another type.
    other: u32,
}

impl Type {
    fn kind(self) -> u32 {
        (self.info >> 24) & 0x1f
    }

    fn len(self) -> usize {
        (self.info & 0xffff) as usize
    }

    fn has_bit_fields(self) -> bool {
        self.info >> 31 != 0
    }

    /// How many bytes follow it.
    fn rest(self) -> usize {
        match self.kind() {
            INT | VAR | DECL_TAG => 4,
            ARRAY => 12,
            STRUCT | UNION | DATASEC | ENUM64 => 12 * self.len(),
            ENUM | FUNC_PROTO => 8 * self.len(),
            _ => 0,
        }
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(4)?)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

impl<'a> Types<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        // From the end of the header on: where the types are and how long they are, and the same of the strings.
        let header = word(bytes, 4)? as usize;
        let part = |at: usize| {
            let start = header.checked_add(word(bytes, at)? as usize)?;
            bytes.get(start..start.checked_add(word(bytes, at + 4)? as usize)?)
        };
        Some(Self {
            types: part(8)?,
            strings: part(16)?,
        })
    }

    fn at(&self, at: usize) -> Option<Type> {
        Some(Type {
            at,
            name: word(self.types, at)?,
            info: word(self.types, at + 4)?,
            other: word(self.types, at + 8)?,
        })
    }

    /// Where each type is: they have numbers, from 1 on.
    fn index(&self) -> Result<KVVec<u32>> {
        let mut index = KVVec::with_capacity(self.types.len() / 20, GFP_KERNEL)?;
        let mut at = 0;
        while let Some(found) = self.at(at) {
            index.push(at as u32, GFP_KERNEL)?;
            at += 12 + found.rest();
        }
        Ok(index)
    }

    fn text(&self, offset: u32) -> &'a str {
        let text = self.strings.get(offset as usize..).unwrap_or_default();
        let len = text.iter().position(|&c| c == 0).unwrap_or(text.len());
        core::str::from_utf8(&text[..len]).unwrap_or_default()
    }
}

#[derive(Clone, Copy)]
struct Indexed<'a> {
    types: Types<'a>,
    at: &'a [u32],
}

impl<'a> Indexed<'a> {
    fn get(&self, id: u32) -> Option<Type> {
        let at = *self.at.get((id as usize).checked_sub(1)?)?;
        self.types.at(at as usize)
    }

    fn each(&self) -> impl Iterator<Item = Type> + '_ {
        self.at.iter().filter_map(|at| self.types.at(*at as usize))
    }

    /// The `n`-th of the words that follow a type.
    fn word(&self, of: Type, n: usize) -> u32 {
        word(self.types.types, of.at + 12 + 4 * n).unwrap_or(0)
    }

    fn has_function(&self, name: &str, expected: &str) -> bool {
        let mut found = None;
        for func in self.each() {
            if func.kind() == FUNC && self.types.text(func.name) == name {
                let Some(proto) = self.get(func.other) else {
                    continue;
                };
                let function = Prototype(self, name, proto);
                let mut same = Same(Some(expected));
                if write!(same, "{}", Adapter(&function)).is_ok() && same.0 == Some("") {
                    return true;
                }
                found = Some(proto);
            }
        }
        match found {
            Some(proto) => log!(
                ERR,
                "{} is another function in this kernel: {}; the module was built for {}\n",
                name,
                Prototype(self, name, proto),
                expected
            ),
            None => log!(
                ERR,
                "this kernel's types have no function {}; the module was built for {}\n",
                name,
                expected
            ),
        }
        false
    }

    fn has_member(&self, of: &str, member: &str, bit: u32, bits: u32) -> bool {
        let mut found = None;
        for structure in self.each() {
            if matches!(structure.kind(), STRUCT | UNION) && self.types.text(structure.name) == of {
                let here = self.member(structure, member, 0, DEPTH);
                if here == Some((bit, bits)) {
                    return true;
                }
                found = found.or(here);
            }
        }
        match found {
            Some((other, _)) => log!(
                ERR,
                "struct {}: {} is at bit {} of it in this kernel, at bit {} in the one that the module was built for\n",
                of,
                member,
                other,
                bit
            ),
            None => log!(ERR, "this kernel has no struct {} with a member {}\n", of, member),
        }
        false
    }

    /// Where a member is, those of anonymous members included: its first bit, and of a bit-field how many.
    fn member(&self, of: Type, name: &str, base: u32, depth: usize) -> Option<(u32, u32)> {
        let depth = depth.checked_sub(1)?;
        (0..of.len()).find_map(|n| {
            let (member, type_id, offset) = (
                self.word(of, 3 * n),
                self.word(of, 3 * n + 1),
                self.word(of, 3 * n + 2),
            );
            let (bit, bits) = if of.has_bit_fields() {
                (offset & 0x00ff_ffff, offset >> 24)
            } else {
                (offset, 0)
            };
            let bit = base.wrapping_add(bit);
            if member != 0 {
                return (self.types.text(member) == name).then_some((bit, bits));
            }
            let inner = self.get(type_id)?;
            matches!(inner.kind(), STRUCT | UNION)
                .then(|| self.member(inner, name, bit, depth))
                .flatten()
        })
    }
}

/// Prints a function as `vfs_read(file: *struct file, …) -> ssize_t`. The build does the same.
struct Prototype<'a>(&'a Indexed<'a>, &'a str, Type);

impl Display for Prototype<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(types, name, proto) = self;
        write!(f, "{name}(")?;
        for n in 0..proto.len() {
            let (parameter, type_id) = (types.word(*proto, 2 * n), types.word(*proto, 2 * n + 1));
            let comma = if n == 0 { "" } else { ", " };
            write!(
                f,
                "{comma}{}: {}",
                types.types.text(parameter),
                Adapter(&Spelled(types, type_id))
            )?;
        }
        write!(f, ") -> {}", Adapter(&Spelled(types, proto.other)))
    }
}

/// Prints a type, what it is made of from left to right.
struct Spelled<'a>(&'a Indexed<'a>, u32);

impl Display for Spelled<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(types, mut id) = *self;
        for _ in 0..DEPTH {
            let Some(found) = types.get(id) else {
                return f.write_str("void");
            };
            let name = types.types.text(found.name);
            match found.kind() {
                PTR => f.write_char('*')?,
                CONST => f.write_str("const ")?,
                VOLATILE | RESTRICT | TYPE_TAG => {}
                ARRAY => write!(f, "[{}]", types.word(found, 2))?,
                FUNC_PROTO => return f.write_str("function"),
                STRUCT => return write!(f, "struct {name}"),
                UNION => return write!(f, "union {name}"),
                FWD if found.has_bit_fields() => return write!(f, "union {name}"),
                FWD => return write!(f, "struct {name}"),
                ENUM | ENUM64 => return write!(f, "enum {name}"),
                _ => return f.write_str(name),
            }
            id = if found.kind() == ARRAY {
                types.word(found, 0)
            } else {
                found.other
            };
        }
        Ok(())
    }
}

/// Whether what is written is the same as a text: what is left of it, or none.
struct Same<'a>(Option<&'a str>);

impl Write for Same<'_> {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        self.0 = self.0.and_then(|rest| rest.strip_prefix(s));
        Ok(())
    }
}
