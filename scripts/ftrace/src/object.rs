// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Rewrites the object.

use std::collections::{HashMap, HashSet};

use anyhow::{bail, ensure, Context, Result};
use object::{
    build::{
        elf::{Builder, Relocation, SectionData, SectionId, SymbolId},
        ByteString, Id,
    },
    elf,
};

use crate::names::{self, Seen};

/// Where rustc lists the places.
const ENTRIES: &str = "__patchable_function_entries";
/// Where the kernel looks for them on x86.
const MCOUNT_LOC: &str = "__mcount_loc";

const ENDBR: [u8; 4] = [0xf3, 0x0f, 0x1e, 0xfa];
/// The no-operations of five bytes that compilers write.
const NOPS: [[u8; 5]; 2] = [
    [0x0f, 0x1f, 0x44, 0x00, 0x08],
    [0x0f, 0x1f, 0x44, 0x00, 0x00],
];
const CALL: [u8; 5] = [0xe8, 0, 0, 0, 0];

/// A function of the list that ftrace is to see.
struct Function {
    symbol: SymbolId,
    section: SectionId,
    offset: u64,
    /// Where the list says that its room is.
    place: u64,
    names: Vec<String>,
}

/// The object in `data` with its functions visible, `before` bytes of the room being in front of each.
pub fn rewrite(data: &[u8], module: &str, before: u64, by_objtool: bool) -> Result<Vec<u8>> {
    let mut object = Builder::read(data)?;
    let x86 = match object.header.e_machine {
        elf::EM_X86_64 => true,
        elf::EM_AARCH64 => false,
        other => bail!("it is of an architecture that is not known here, {other}"),
    };
    let symbols: HashMap<_, _> = object
        .symbols
        .iter()
        .filter(|symbol| symbol.st_type() == elf::STT_FUNC)
        .filter_map(|symbol| Some(((symbol.section?.index(), symbol.st_value), symbol.id())))
        .collect();
    let mut functions = Vec::new();
    for (list, relocations) in lists(&object)? {
        let SectionData::Relocation(places) = &object.sections.get(relocations).data else {
            bail!("{ENTRIES} has no relocations");
        };
        let mut kept = Vec::new();
        for mut place in places.clone() {
            let Some(function) = function(&object, &symbols, module, &place, before)? else {
                continue;
            };
            if x86 {
                let Some(at) = put_call(&mut object, &function)? else {
                    eprintln!(
                        "rprobes: note: ftrace will not see {}: the compiler has not left room for a call there",
                        object.symbols.get(function.symbol).name
                    );
                    continue;
                };
                place.r_addend += at as i64 - function.place as i64;
            }
            place.r_offset = kept.len() as u64 * 8;
            kept.push(place);
            functions.push(function);
        }
        let delete = kept.is_empty() || x86 && by_objtool;
        let relocations = object.sections.get_mut(relocations);
        relocations.delete = delete;
        let size = kept.len() * 8;
        relocations.data = SectionData::Relocation(kept);
        if x86 {
            relocations.name = format!(".rela{MCOUNT_LOC}").into_bytes().into();
        }
        let list = object.sections.get_mut(list);
        list.delete = delete;
        list.data = SectionData::Data(vec![0; size].into());
        if x86 {
            list.name = MCOUNT_LOC.into();
            list.sh_flags = elf::SHF_ALLOC.into();
            list.sh_link_section = None;
        }
    }
    rename(&mut object, functions);
    add_section_names(&mut object);
    object.delete_orphans();
    let mut out = Vec::new();
    object.write(&mut out)?;
    Ok(out)
}

/// LLVM has the names of sections in one table with those of symbols, which cannot be written so.
fn add_section_names(object: &mut Builder<'_>) {
    if !object
        .sections
        .iter()
        .any(|section| matches!(section.data, SectionData::SectionString))
    {
        let names = object.sections.add();
        names.name = ".shstrtab".into();
        names.sh_type = elf::SHT_STRTAB;
        names.sh_addralign = 1;
        names.data = SectionData::SectionString;
    }
}

/// The lists of places, each with its relocations. There may be one for each section.
fn lists(object: &Builder<'_>) -> Result<Vec<(SectionId, SectionId)>> {
    let mut lists = Vec::new();
    for section in &object.sections {
        let Some(of) = section.sh_info_section else {
            continue;
        };
        if matches!(section.data, SectionData::Relocation(_))
            && object.sections.get(of).name == ENTRIES.into()
        {
            ensure!(
                section.sh_type == elf::SHT_RELA,
                "its relocations have no addends"
            );
            lists.push((of, section.id()));
        }
    }
    Ok(lists)
}

/// The function that `place` is of, if ftrace is to see it.
fn function(
    object: &Builder<'_>,
    symbols: &HashMap<(usize, u64), SymbolId>,
    module: &str,
    place: &Relocation,
    before: u64,
) -> Result<Option<Function>> {
    let base = object
        .symbols
        .get(place.symbol.context("a place without a symbol")?);
    let section = base.section.context("a place outside of the object")?;
    let place = base.st_value.wrapping_add_signed(place.r_addend);
    // If no room is in front, the place is behind ENDBR, or BTI.
    let symbol = [place + before, place.wrapping_sub(ENDBR.len() as u64)]
        .into_iter()
        .find_map(|offset| symbols.get(&(section.index(), offset)));
    let symbol = *symbol.with_context(|| {
        let section = &object.sections.get(section).name;
        format!("at {section}+{place:#x} there should be a function")
    })?;
    let offset = object.symbols.get(symbol).st_value;
    // Not where C would say notrace, as in .kprobes.text.
    let section_name = object.sections.get(section).name.to_string();
    let traced = [".text", ".init.text", ".exit.text"].contains(&&*section_name)
        || section_name.starts_with(".text.");
    let name = object.symbols.get(symbol).name.to_string();
    let names = match names::seen(&name, module) {
        _ if !traced => return Ok(None),
        Seen::No => return Ok(None),
        Seen::AsItIs => Vec::new(),
        Seen::As(names) => names,
    };
    Ok(Some(Function {
        symbol,
        section,
        offset,
        place,
        names,
    }))
}

/// Puts the call into a function. Returns where in the section; none if there is no room.
fn put_call(object: &mut Builder<'_>, function: &Function) -> Result<Option<u64>> {
    let SectionData::Data(code) = &mut object.sections.get_mut(function.section).data else {
        bail!("a function without code");
    };
    let start = function.offset as usize;
    let endbr = if code[start..].starts_with(&ENDBR) {
        ENDBR.len()
    } else {
        0
    };
    let room = start + endbr..start + endbr + CALL.len();
    if !code
        .get(room.clone())
        .is_some_and(|bytes| NOPS.iter().any(|nop| nop == bytes))
    {
        return Ok(None);
    }
    code.to_mut()[room.clone()].copy_from_slice(&CALL);
    let call = Relocation {
        r_offset: room.start as u64 + 1,
        symbol: Some(fentry(object)),
        r_type: elf::R_X86_64_PLT32,
        r_addend: -4,
    };
    let relocations = relocations_of(object, function.section)?;
    relocations.push(call);
    relocations.sort_by_key(|relocation| relocation.r_offset);
    Ok(Some(room.start as u64))
}

/// `__fentry__`, which the kernel has.
fn fentry(object: &mut Builder<'_>) -> SymbolId {
    const FENTRY: &str = "__fentry__";
    if let Some(symbol) = object
        .symbols
        .iter()
        .find(|symbol| symbol.name == FENTRY.into())
    {
        return symbol.id();
    }
    let symbol = object.symbols.add();
    symbol.name = FENTRY.into();
    symbol.set_st_info(elf::STB_GLOBAL, elf::STT_NOTYPE);
    symbol.st_shndx = elf::SHN_UNDEF;
    symbol.id()
}

/// The relocations of a section, which may have had none so far.
fn relocations_of<'a>(
    object: &'a mut Builder<'_>,
    section: SectionId,
) -> Result<&'a mut Vec<Relocation>> {
    let there = object.sections.iter().find(|other| {
        other.sh_info_section == Some(section) && matches!(other.data, SectionData::Relocation(_))
    });
    let id = match there {
        Some(relocations) => relocations.id(),
        None => {
            let table = object
                .sections
                .iter()
                .find(|other| matches!(other.data, SectionData::Symbol));
            let table = table.context("it has no symbols")?.id();
            let name = format!(".rela{}", object.sections.get(section).name);
            let relocations = object.sections.add();
            relocations.name = name.into_bytes().into();
            relocations.sh_type = elf::SHT_RELA;
            relocations.sh_flags = elf::SHF_INFO_LINK.into();
            relocations.sh_link_section = Some(table);
            relocations.sh_info_section = Some(section);
            relocations.sh_addralign = 8;
            relocations.sh_entsize = 24;
            relocations.data = SectionData::Relocation(Vec::new());
            relocations.id()
        }
    };
    match &mut object.sections.get_mut(id).data {
        SectionData::Relocation(relocations) => Ok(relocations),
        _ => bail!("its relocations are none"),
    }
}

/// Gives the functions their names. Where the kernel looks up an address, the first symbol there is taken, and local ones are
/// the first: so local symbols are renamed, and to global ones, which others may name, a local one is added.
fn rename(object: &mut Builder<'_>, functions: Vec<Function>) {
    let mut taken: HashSet<String> = object
        .symbols
        .iter()
        .map(|symbol| symbol.name.to_string())
        .collect();
    let mut wanted = HashMap::new();
    for name in functions.iter().flat_map(|function| &function.names) {
        *wanted.entry(name.clone()).or_insert(0) += 1;
    }
    for function in functions {
        let free = |name: &String| wanted[name] == 1 && !taken.contains(name);
        let Some(name) = function.names.iter().find(|name| free(name)) else {
            continue;
        };
        taken.insert(name.clone());
        let named: ByteString<'static> = name.clone().into_bytes().into();
        let symbol = object.symbols.get_mut(function.symbol);
        if symbol.st_bind() == elf::STB_LOCAL {
            symbol.name = named;
            continue;
        }
        let (section, value, size, other) = (
            symbol.section,
            symbol.st_value,
            symbol.st_size,
            symbol.st_other,
        );
        let local = object.symbols.add();
        local.name = named;
        local.section = section;
        local.st_value = value;
        local.st_size = size;
        local.st_other = other;
        local.set_st_info(elf::STB_LOCAL, elf::STT_FUNC);
    }
}
