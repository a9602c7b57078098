// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The kernel's types. This is the one place where BTF is read.

use std::{fs, ops::RangeInclusive, path::Path};

use anyhow::{Context, Result};
use btf_rs::{BtfType, FuncProto, Struct, Type};
use fallible_iterator::FallibleIterator;
use object::{Object, ObjectSection};

use crate::names::nearest;

/// What the name of the type of a tracepoint begins with.
const TRACEPOINT: &str = "btf_trace_";

/// The types of a kernel, or those of one of its modules on top of them.
pub struct Btf {
    btf: btf_rs::Btf,
    /// The types are on top of a summary of the kernel's, in which structs have names only. Modules that are built outside of the
    /// kernel's tree have that since Linux 6.11.
    is_on_summary: bool,
}

/// A member of a struct or union. Those of anonymous members are members of the struct itself.
pub struct Member {
    pub name: String,
    pub type_id: u32,
    /// From the beginning of the struct.
    pub bit_offset: u32,
    /// Of a bit-field.
    pub bits: Option<u32>,
}

/// What raw BTF begins with: the magic number and the version.
const MAGIC: [u8; 3] = [0x9f, 0xeb, 0x01];

/// The BTF in an image of arm64 that is not compressed: such an image has no sections.
fn in_flat_image(image: &[u8]) -> Option<&[u8]> {
    if image.get(0x38..0x3c) != Some(b"ARM\x64") {
        return None;
    }
    // The header: its size, where types begin behind it, and how long they are; the same for strings.
    let word = |bytes: &[u8], at: usize| Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?));
    (0..image.len()).step_by(8).find_map(|at| {
        let bytes = image[at..].strip_prefix(&MAGIC).map(|_| &image[at..])?;
        let (types, strings) = (word(bytes, 12)?, word(bytes, 20)?);
        let fits = word(bytes, 4)? == 24 && word(bytes, 8)? == 0 && word(bytes, 16)? == types;
        let len = 24usize
            .checked_add(types as usize)?
            .checked_add(strings as usize)?;
        bytes.get(..len).filter(|_| fits && types > 0)
    })
}

impl Btf {
    /// From vmlinux, from a compressed image, or from raw BTF.
    pub fn load(path: &Path) -> Result<Self> {
        read(path)
            .and_then(|bytes| {
                Ok(Self {
                    btf: btf_rs::Btf::from_bytes(&bytes)?,
                    is_on_summary: false,
                })
            })
            .with_context(|| format!("{}: no kernel types (BTF)", path.display()))
    }

    /// From a module of the same kernel, or from the raw BTF of one.
    pub fn load_module(&self, path: &Path) -> Result<Self> {
        let load = || -> Result<Self> {
            let bytes = read(path)?;
            Ok(match summary(path)? {
                Some(summary) => Self {
                    btf: btf_rs::Btf::from_split_bytes(
                        &bytes,
                        &btf_rs::Btf::from_bytes(&summary)?,
                    )?,
                    is_on_summary: true,
                },
                None => Self {
                    btf: btf_rs::Btf::from_split_bytes(&bytes, &self.btf)?,
                    is_on_summary: false,
                },
            })
        };
        load().with_context(|| {
            format!(
                "{}: no types (BTF) on top of those of the kernel",
                path.display()
            )
        })
    }

    /// Whether this type is a name in the summary that a module has of the kernel's.
    pub fn is_summary(&self, id: u32) -> bool {
        self.is_on_summary && id <= self.range().1
    }

    /// The numbers of the first type and of the last, of what these are on top of.
    pub fn range(&self) -> (u32, u32) {
        self.btf.base().type_id_range()
    }

    pub fn get(&self, id: u32) -> Result<Type> {
        Ok(self.btf.resolve_type_by_id(id)?)
    }

    pub fn name(&self, of: &dyn BtfType) -> String {
        self.btf.resolve_name(of).unwrap_or_default()
    }

    /// The type without typedefs, qualifiers and tags.
    pub fn strip(&self, mut id: u32) -> Result<(u32, Type)> {
        loop {
            let found = self.get(id)?;
            id = match &found {
                Type::Typedef(t) => t.get_type_id(),
                Type::Const(t) | Type::Volatile(t) | Type::Restrict(t) => t.get_type_id(),
                Type::TypeTag(t) => t.get_type_id(),
                _ => return Ok((id, found)),
            }
            .unwrap_or(0);
        }
    }

    /// Whether the type, below qualifiers, has this tag, such as "user".
    pub fn has_tag(&self, mut id: u32, tag: &str) -> Result<bool> {
        loop {
            let found = self.get(id)?;
            id = match &found {
                Type::TypeTag(t) if self.name(t) == tag => return Ok(true),
                Type::TypeTag(t) => t.get_type_id(),
                Type::Const(t) | Type::Volatile(t) | Type::Restrict(t) => t.get_type_id(),
                _ => return Ok(false),
            }
            .unwrap_or(0);
        }
    }

    /// In bytes.
    pub fn size(&self, id: u32) -> Result<usize> {
        Ok(match self.strip(id)?.1 {
            Type::Int(t) => t.size(),
            Type::Ptr(_) => 8,
            Type::Array(t) => t.len() * self.size(t.get_type_id().unwrap_or(0))?,
            Type::Struct(t) | Type::Union(t) => t.size(),
            Type::Enum(t) => t.size(),
            Type::Enum64(t) => t.size(),
            Type::Float(t) => t.size(),
            _ => 0,
        })
    }

    /// Its own functions of this name, as their prototypes: one for each that differs.
    pub fn functions(&self, name: &str) -> Result<Vec<FuncProto>> {
        let mut protos: Vec<FuncProto> = Vec::new();
        let mut texts = Vec::new();
        for id in self.btf.resolve_ids_by_name(name)? {
            let Type::Func(func) = self.get(id)? else {
                continue;
            };
            if !self.own().contains(&id) {
                continue;
            }
            let Type::FuncProto(proto) = self.get(func.get_type_id().unwrap_or(0))? else {
                continue;
            };
            let text = self.prototype(name, &proto)?;
            if !texts.contains(&text) {
                texts.push(text);
                protos.push(proto);
            }
        }
        Ok(protos)
    }

    /// The structs and unions of this name, in full.
    pub fn structs(&self, name: &str) -> Result<Vec<u32>> {
        let mut ids = Vec::new();
        for id in self.btf.resolve_ids_by_name(name)? {
            if matches!(self.get(id)?, Type::Struct(_) | Type::Union(_)) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// The typedefs of this name.
    pub fn typedefs(&self, name: &str) -> Result<Vec<u32>> {
        let mut ids = Vec::new();
        for id in self.btf.resolve_ids_by_name(name)? {
            if matches!(self.get(id)?, Type::Typedef(_)) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    /// The numbers of its own types: of a module, not those of the kernel.
    fn own(&self) -> RangeInclusive<u32> {
        let (first, last) = self.btf.split().unwrap_or(self.btf.base()).type_id_range();
        first..=last
    }

    /// The names of its own functions; static ones may have the same.
    pub fn function_names(&self) -> Result<Vec<String>> {
        self.own_names(|found| matches!(found, Type::Func(_)))
    }

    /// The names of its own tracepoints.
    pub fn tracepoint_names(&self) -> Result<Vec<String>> {
        let typedefs = self.own_names(|found| matches!(found, Type::Typedef(_)))?;
        Ok(typedefs
            .iter()
            .filter_map(|name| name.strip_prefix(TRACEPOINT))
            .map(str::to_owned)
            .collect())
    }

    fn own_names(&self, wanted: impl Fn(&Type) -> bool) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for id in self.own() {
            let found = self.get(id)?;
            if wanted(&found) {
                names.extend(found.as_btf_type().map(|found| self.name(found)));
            }
        }
        Ok(names)
    }

    /// Its own functions of this name, as C declares them: one for each that differs.
    pub fn own_prototypes(&self, name: &str) -> Result<Vec<String>> {
        let protos = self.functions(name)?;
        protos
            .iter()
            .map(|proto| self.prototype(name, proto))
            .collect()
    }

    /// What a tracepoint calls. The first parameter is the callee's own.
    pub fn tracepoint(&self, name: &str) -> Result<Option<FuncProto>> {
        // The functions that the kernel makes for a tracepoint have the names of parameters. All return nothing of interest.
        let mut named = Vec::new();
        for function in ["__traceiter_", "__probestub_"] {
            named.extend(self.functions(&format!("{function}{name}"))?);
        }
        for id in self.typedefs(&format!("{TRACEPOINT}{name}"))? {
            let (_, Type::Ptr(pointer)) = self.strip(id)? else {
                continue;
            };
            let (_, Type::FuncProto(proto)) = self.strip(pointer.get_type_id().unwrap_or(0))?
            else {
                continue;
            };
            let is_like_it = |named: &FuncProto| named.parameters.len() == proto.parameters.len();
            return Ok(Some(named.into_iter().find(is_like_it).unwrap_or(proto)));
        }
        // It has no event.
        Ok(named.into_iter().next())
    }

    /// A tracepoint, as C would declare a probe on it. The first parameter, which is the probe's own, is left out.
    pub fn tracepoint_prototype(&self, name: &str) -> Result<Option<String>> {
        let Some(proto) = self.tracepoint(name)? else {
            return Ok(None);
        };
        let mut parameters = Vec::new();
        for parameter in proto.parameters.iter().skip(1) {
            let id = parameter.get_type_id().unwrap_or(0);
            parameters.push(self.declaration(id, &self.name(parameter))?);
        }
        if parameters.is_empty() {
            parameters.push("void".to_owned());
        }
        Ok(Some(format!("void {name}({})", parameters.join(", "))))
    }

    /// Names of tracepoints near to one that does not exist.
    pub fn near_tracepoints(&self, name: &str) -> Result<Vec<String>> {
        let names = self.tracepoint_names()?;
        let near = nearest(name, None, names.iter().map(String::as_str));
        Ok(near.into_iter().map(str::to_owned).collect())
    }

    /// Names of functions, or of structs, near to one that does not exist.
    pub fn near(&self, name: &str, of_functions: bool) -> Vec<String> {
        let mut names = Vec::new();
        let mut types = self.btf.type_iter();
        while let Ok(Some(found)) = types.next() {
            match &found {
                Type::Func(t) if of_functions => names.push(self.name(t)),
                Type::Struct(t) | Type::Union(t) if !of_functions => names.push(self.name(t)),
                _ => {}
            }
        }
        let names = names
            .iter()
            .map(String::as_str)
            .filter(|name| !name.is_empty());
        let near = nearest(name, None, names);
        near.into_iter().map(str::to_owned).collect()
    }

    /// All members of a struct or union that have names, and those of its anonymous members.
    pub fn members(&self, of: &Struct) -> Result<Vec<Member>> {
        let mut members = Vec::new();
        self.collect(of, 0, &mut members)?;
        Ok(members)
    }

    fn collect(&self, of: &Struct, base: u32, into: &mut Vec<Member>) -> Result<()> {
        for member in &of.members {
            let name = self.name(member);
            let type_id = member.get_type_id().unwrap_or(0);
            let bit_offset = base + member.bit_offset();
            if name.is_empty() {
                if let (_, Type::Struct(inner) | Type::Union(inner)) = self.strip(type_id)? {
                    self.collect(&inner, bit_offset, into)?;
                }
                continue;
            }
            into.push(Member {
                name,
                type_id,
                bit_offset,
                bits: member.bitfield_size().filter(|bits| *bits > 0),
            });
        }
        Ok(())
    }

    /// Where a member is, in bits.
    pub fn offset(&self, of: &str, member: &str) -> Result<Option<u32>> {
        for id in self.structs(of)? {
            let (Type::Struct(found) | Type::Union(found)) = self.get(id)? else {
                continue;
            };
            let members = self.members(&found)?;
            if let Some(found) = members.iter().find(|found| found.name == member) {
                return Ok(Some(found.bit_offset));
            }
        }
        Ok(None)
    }

    /// What an enumerator stands for.
    pub fn value(&self, of: &str, enumerator: &str) -> Result<Option<u32>> {
        for id in self.btf.resolve_ids_by_name(of)? {
            let Type::Enum(found) = self.get(id)? else {
                continue;
            };
            for member in &found.members {
                if self.name(member) == enumerator {
                    return Ok(Some(member.val()));
                }
            }
        }
        Ok(None)
    }

    /// A function, as C declares it.
    pub fn prototype(&self, name: &str, proto: &FuncProto) -> Result<String> {
        let mut parameters = Vec::new();
        for parameter in &proto.parameters {
            parameters.push(if parameter.is_variadic() {
                "...".to_owned()
            } else {
                self.declaration(parameter.get_type_id().unwrap_or(0), &self.name(parameter))?
            });
        }
        if parameters.is_empty() {
            parameters.push("void".to_owned());
        }
        self.declaration(
            proto.return_type_id(),
            &format!("{name}({})", parameters.join(", ")),
        )
    }

    /// A function, spelled from left to right: `vfs_read(file: *struct file, …) -> ssize_t`. A module prints the running
    /// kernel's in the same way, see `rust/types/running.rs`.
    pub fn spelled(&self, name: &str, proto: &FuncProto) -> Result<String> {
        let mut parameters = Vec::new();
        for parameter in &proto.parameters {
            let of = self.spelled_type(parameter.get_type_id().unwrap_or(0))?;
            parameters.push(format!("{}: {of}", self.name(parameter)));
        }
        let returned = self.spelled_type(proto.return_type_id())?;
        Ok(format!("{name}({}) -> {returned}", parameters.join(", ")))
    }

    fn spelled_type(&self, mut id: u32) -> Result<String> {
        let mut text = String::new();
        loop {
            let found = self.get(id)?;
            id = match &found {
                Type::Ptr(t) => {
                    text.push('*');
                    t.get_type_id()
                }
                Type::Const(t) => {
                    text.push_str("const ");
                    t.get_type_id()
                }
                Type::Volatile(t) | Type::Restrict(t) => t.get_type_id(),
                Type::TypeTag(t) => t.get_type_id(),
                Type::Array(t) => {
                    text.push_str(&format!("[{}]", t.len()));
                    t.get_type_id()
                }
                other => {
                    let name = other
                        .as_btf_type()
                        .map_or_else(String::new, |t| self.name(t));
                    text.push_str(&match other {
                        Type::Void => "void".to_owned(),
                        Type::FuncProto(_) => "function".to_owned(),
                        Type::Struct(_) => format!("struct {name}"),
                        Type::Union(_) => format!("union {name}"),
                        Type::Fwd(t) if t.is_union() => format!("union {name}"),
                        Type::Fwd(_) => format!("struct {name}"),
                        Type::Enum(_) | Type::Enum64(_) => format!("enum {name}"),
                        _ => name,
                    });
                    return Ok(text);
                }
            }
            .unwrap_or(0);
        }
    }

    /// Something of this type, as C declares it.
    pub fn declaration(&self, id: u32, declarator: &str) -> Result<String> {
        let word = |word: String| {
            if declarator.is_empty() {
                word
            } else {
                format!("{word} {declarator}")
            }
        };
        Ok(match self.get(id)? {
            Type::Ptr(t) => {
                let target = t.get_type_id().unwrap_or(0);
                match self.get(target)? {
                    Type::Array(_) | Type::FuncProto(_) => {
                        self.declaration(target, &format!("(*{declarator})"))?
                    }
                    _ => self.declaration(target, &format!("*{declarator}"))?,
                }
            }
            Type::Array(t) => {
                let len = t.len();
                self.declaration(
                    t.get_type_id().unwrap_or(0),
                    &format!("{declarator}[{len}]"),
                )?
            }
            Type::FuncProto(t) => self.prototype(declarator, &t)?,
            Type::Const(t) => self.qualified("const", t.get_type_id(), declarator)?,
            Type::Volatile(t) => self.qualified("volatile", t.get_type_id(), declarator)?,
            Type::Restrict(t) => self.declaration(t.get_type_id().unwrap_or(0), declarator)?,
            Type::TypeTag(t) => {
                let target = t.get_type_id().unwrap_or(0);
                // As the kernel's headers write them.
                match self.name(&t).as_str() {
                    tag @ ("user" | "rcu" | "percpu") => {
                        self.declaration(target, &format!("__{tag} {declarator}"))?
                    }
                    _ => self.declaration(target, declarator)?,
                }
            }
            Type::Void => word("void".to_owned()),
            Type::Struct(t) => word(format!("struct {}", self.tag(&t))),
            Type::Union(t) => word(format!("union {}", self.tag(&t))),
            Type::Fwd(t) if t.is_union() => word(format!("union {}", self.tag(&t))),
            Type::Fwd(t) => word(format!("struct {}", self.tag(&t))),
            Type::Enum(t) => word(format!("enum {}", self.tag(&t))),
            Type::Enum64(t) => word(format!("enum {}", self.tag(&t))),
            other => word(
                other
                    .as_btf_type()
                    .map_or_else(String::new, |t| self.name(t)),
            ),
        })
    }

    fn tag(&self, of: &dyn BtfType) -> String {
        let name = self.name(of);
        if name.is_empty() {
            "{…}".to_owned()
        } else {
            name
        }
    }

    fn qualified(&self, word: &str, id: Option<u32>, declarator: &str) -> Result<String> {
        let id = id.unwrap_or(0);
        Ok(match self.get(id)? {
            Type::Ptr(_) => self.declaration(id, format!("{word} {declarator}").trim_end())?,
            _ => format!("{word} {}", self.declaration(id, declarator)?),
        })
    }
}

/// The summary of the kernel's types that a module may have.
fn summary(path: &Path) -> Result<Option<Vec<u8>>> {
    let bytes = fs::read(path)?;
    let Ok(file) = object::File::parse(&*bytes) else {
        return Ok(None);
    };
    let section = file.section_by_name(".BTF.base");
    Ok(section
        .map(|section| section.data().map(<[u8]>::to_vec))
        .transpose()?)
}

/// The bytes of the BTF in a file.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    let bytes = fs::read(path)?;
    if bytes.starts_with(&MAGIC) {
        return Ok(bytes);
    }
    if let Some(found) = in_flat_image(&bytes) {
        return Ok(found.to_vec());
    }
    Ok(btf_rs::utils::elf::extract_btf_from_file(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_found_in_a_flat_image() {
        let mut image = vec![0u8; 0x38];
        image.extend(b"ARM\x64");
        image.resize(0x80, 0);
        // Something that only begins like it.
        image.extend([MAGIC.as_slice(), &[0; 13]].concat());
        let mut types = [MAGIC.as_slice(), &[0]].concat();
        for word in [24u32, 0, 4, 4, 2] {
            types.extend(word.to_le_bytes());
        }
        types.extend([1, 2, 3, 4, 0, b'x']);
        image.extend(&types);
        image.extend([0xff; 9]);
        assert_eq!(in_flat_image(&image), Some(&types[..]));
        assert_eq!(in_flat_image(&image[..image.len() - 10]), None);
        image[0x38] = 0;
        assert_eq!(in_flat_image(&image), None);
    }
}
