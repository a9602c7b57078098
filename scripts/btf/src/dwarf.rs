// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What a kernel's debug file (DWARF) says of its functions: where each stands in the source, and at how many places the
//! compiler has inlined it. Reading it takes seconds, so what was found is kept in the cache.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fs::{self, File},
    io::{BufReader, Read},
    path::Path,
    time::UNIX_EPOCH,
};

use anyhow::{Context, Result};
use gimli::{
    AttributeValue, DebugInfoOffset, DwarfSections, EndianSlice, LittleEndian, Reader, SectionId,
    Unit, UnitOffset,
};
use object::{CompressionFormat, Object, ObjectSection, ReadCache};
use serde::{Deserialize, Serialize};

/// A function, as the source has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Relative to the kernel's source.
    pub file: String,
    pub line: u64,
    /// At how many places it is inlined.
    pub inlined: usize,
    /// Whether it has code of its own.
    pub has_code: bool,
}

/// By name.
#[derive(Default, Serialize, Deserialize)]
pub struct Sources {
    pub functions: BTreeMap<String, Vec<Source>>,
    /// That of the kernel, if the file has it.
    pub release: Option<String>,
    /// Of which file.
    of: String,
}

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// A function of one compilation unit.
struct Function {
    name: String,
    file: String,
    line: u64,
    inlined: usize,
    has_code: bool,
}

impl Sources {
    /// Of the file at `path`; None if it has no DWARF. What is found is kept in the directory `cache`.
    pub fn load(path: &Path, cache: Option<&Path>) -> Result<Option<Self>> {
        let context = || format!("{}: cannot read its debug information", path.display());
        let data = fs::metadata(path).with_context(context)?;
        let time = data.modified()?.duration_since(UNIX_EPOCH)?;
        let of = format!("{} {} {}", path.display(), data.len(), time.as_nanos());
        // One file for each path, so that the old ones go away.
        let kept =
            cache.map(|cache| cache.join(path.to_string_lossy().replace('/', "!") + ".json"));
        if let Some(kept) = kept.as_ref().and_then(|kept| File::open(kept).ok()) {
            match serde_json::from_reader::<_, Self>(BufReader::new(kept)) {
                Ok(found) if found.of == of => return Ok(Some(found)),
                _ => {}
            }
        }
        let Some((functions, release)) = read(path).with_context(context)? else {
            return Ok(None);
        };
        let found = Self {
            functions,
            release,
            of,
        };
        if let (Some(kept), Some(cache)) = (kept, cache) {
            fs::create_dir_all(cache)?;
            let part = kept.with_extension(format!("{}.part", std::process::id()));
            fs::write(&part, serde_json::to_vec(&found)?)?;
            fs::rename(part, kept)?;
        }
        Ok(Some(found))
    }
}

type Functions = BTreeMap<String, Vec<Source>>;

fn read(path: &Path) -> Result<Option<(Functions, Option<String>)>> {
    let cache = ReadCache::new(File::open(path)?);
    // An image is no ELF file.
    let Ok(file) = object::File::parse(&cache) else {
        return Ok(None);
    };
    if file.section_by_name(".debug_info").is_none() {
        return Ok(None);
    }
    let sections = DwarfSections::load(|id: SectionId| -> Result<Cow<'_, [u8]>> {
        match file.section_by_name(id.name()) {
            Some(section) => content(&section),
            None => Ok(Cow::Borrowed(&[])),
        }
    })?;
    let dwarf = sections.borrow(|section| EndianSlice::new(section, LittleEndian));
    let release = match file.section_by_name(".rodata") {
        Some(section) => release(&content(&section)?),
        None => None,
    };
    Ok(Some((functions(&dwarf)?, release)))
}

/// From what /proc/version prints.
fn release(constants: &[u8]) -> Option<String> {
    const BANNER: &[u8] = b"Linux version ";
    let at = constants.windows(BANNER.len()).position(|w| w == BANNER)?;
    let rest = &constants[at + BANNER.len()..];
    let end = rest.iter().position(|byte| byte.is_ascii_whitespace())?;
    // A format of the same has a placeholder there.
    std::str::from_utf8(&rest[..end])
        .ok()
        .filter(|release| release.starts_with(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
}

fn content<'a>(section: &impl ObjectSection<'a>) -> Result<Cow<'a, [u8]>> {
    let found = section.compressed_data()?;
    let mut bytes = Vec::new();
    match found.format {
        CompressionFormat::None => return Ok(Cow::Borrowed(found.data)),
        CompressionFormat::Zlib => {
            flate2::read::ZlibDecoder::new(found.data).read_to_end(&mut bytes)?;
        }
        CompressionFormat::Zstandard => bytes = zstd::decode_all(found.data)?,
        other => anyhow::bail!("compressed in a way that is not known: {other:?}"),
    }
    Ok(Cow::Owned(bytes))
}

fn functions(dwarf: &gimli::Dwarf<Slice<'_>>) -> Result<Functions> {
    let mut found = Found::default();
    let mut headers = dwarf.units();
    while let Some(header) = headers.next()? {
        let unit = dwarf.unit(header)?;
        found.unit(dwarf, &unit)?;
    }
    Ok(found.merge())
}

#[derive(Default)]
struct Found {
    functions: HashMap<DebugInfoOffset, Function>,
    /// Functions that are others, with code of their own.
    same: HashMap<DebugInfoOffset, DebugInfoOffset>,
    has_code: Vec<DebugInfoOffset>,
    inlined: Vec<DebugInfoOffset>,
}

impl Found {
    fn unit(&mut self, dwarf: &gimli::Dwarf<Slice<'_>>, unit: &Unit<Slice<'_>>) -> Result<()> {
        let mut files = HashMap::new();
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let at = entries.next_offset();
            let Some(abbreviation) = entries.read_abbreviation()? else {
                continue;
            };
            let tag = abbreviation.tag();
            if tag != gimli::DW_TAG_subprogram && tag != gimli::DW_TAG_inlined_subroutine {
                entries.skip_attributes(abbreviation.attributes())?;
                continue;
            }
            let (mut name, mut linked, mut origin) = (None, None, None);
            let (mut file, mut line, mut has_code) = (0, 0, false);
            for specification in abbreviation.attributes() {
                let attribute = entries.read_attribute(*specification)?;
                let value = attribute.value();
                match attribute.name() {
                    gimli::DW_AT_name => name = Some(value),
                    gimli::DW_AT_linkage_name => linked = Some(value),
                    gimli::DW_AT_abstract_origin | gimli::DW_AT_specification => {
                        origin = refers(&value, unit);
                    }
                    gimli::DW_AT_decl_file => {
                        file = match value {
                            AttributeValue::FileIndex(index) => index,
                            value => value.udata_value().unwrap_or(0),
                        };
                    }
                    gimli::DW_AT_decl_line => line = value.udata_value().unwrap_or(0),
                    gimli::DW_AT_low_pc | gimli::DW_AT_ranges => has_code = true,
                    _ => {}
                }
            }
            if tag == gimli::DW_TAG_inlined_subroutine {
                self.inlined.extend(origin);
                continue;
            }
            let Some(at) = at.to_debug_info_offset(&unit.header) else {
                continue;
            };
            if has_code {
                self.has_code.push(at);
            }
            if let Some(origin) = origin {
                self.same.insert(at, origin);
                continue;
            }
            // The name that the linker knows is the one that kallsyms has.
            let Some(name) = linked.or(name) else {
                continue;
            };
            let name = dwarf.attr_string(unit, name)?;
            let file = files
                .entry(file)
                .or_insert_with(|| file_name(dwarf, unit, file).unwrap_or_default());
            self.functions.insert(
                at,
                Function {
                    name: name.to_string_lossy().into_owned(),
                    file: file.clone(),
                    line,
                    inlined: 0,
                    has_code: false,
                },
            );
        }
        Ok(())
    }

    fn function(&mut self, mut at: DebugInfoOffset) -> Option<&mut Function> {
        // An instance of what is defined elsewhere than declared.
        for _ in 0..3 {
            match self.same.get(&at) {
                Some(origin) => at = *origin,
                None => break,
            }
        }
        self.functions.get_mut(&at)
    }

    /// One function of a header is in many units.
    fn merge(mut self) -> Functions {
        for at in std::mem::take(&mut self.has_code) {
            if let Some(function) = self.function(at) {
                function.has_code = true;
            }
        }
        for at in std::mem::take(&mut self.inlined) {
            if let Some(function) = self.function(at) {
                function.inlined += 1;
            }
        }
        // A kernel that is not compiled in its source has whole paths.
        let files = self.functions.values().map(|function| &function.file);
        let source = files
            .filter(|file| file.starts_with('/'))
            .find_map(|file| file.strip_suffix("init/main.c"))
            .unwrap_or_default()
            .to_owned();
        let mut merged = Functions::new();
        for mut function in self.functions.into_values() {
            if let Some(file) = function.file.strip_prefix(&source) {
                function.file = file.to_owned();
            }
            // Declared only, or unused.
            if function.inlined == 0 && !function.has_code {
                continue;
            }
            let sources = merged.entry(function.name).or_default();
            let same =
                |source: &&mut Source| source.file == function.file && source.line == function.line;
            match sources.iter_mut().find(same) {
                Some(source) => {
                    source.inlined += function.inlined;
                    source.has_code |= function.has_code;
                }
                None => sources.push(Source {
                    file: function.file,
                    line: function.line,
                    inlined: function.inlined,
                    has_code: function.has_code,
                }),
            }
        }
        for sources in merged.values_mut() {
            sources.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        }
        merged
    }
}

fn refers<R: Reader<Offset = usize>>(
    value: &AttributeValue<R>,
    unit: &Unit<R>,
) -> Option<DebugInfoOffset> {
    match value {
        AttributeValue::UnitRef(offset) => UnitOffset(offset.0).to_debug_info_offset(&unit.header),
        AttributeValue::DebugInfoRef(offset) => Some(*offset),
        _ => None,
    }
}

fn file_name(
    dwarf: &gimli::Dwarf<Slice<'_>>,
    unit: &Unit<Slice<'_>>,
    index: u64,
) -> Option<String> {
    let text = |value| Some(dwarf.attr_string(unit, value).ok()?.to_string_lossy());
    let header = unit.line_program.as_ref()?.header();
    let file = header.file(index)?;
    let name = text(file.path_name())?;
    let directory = file.directory(header).and_then(text).unwrap_or_default();
    let whole = if name.starts_with('/') || directory.is_empty() {
        name.into_owned()
    } else {
        format!("{directory}/{name}")
    };
    let compiled_in = unit.comp_dir.map(|directory| directory.to_string_lossy());
    Some(relative(&whole, &compiled_in.unwrap_or_default()))
}

/// Relative to the kernel's source, which may be above the directory that it was compiled in.
fn relative(file: &str, compiled_in: &str) -> String {
    let mut file = file;
    if !compiled_in.is_empty() {
        if let Some(rest) = file.strip_prefix(compiled_in) {
            file = rest.trim_start_matches('/');
        }
    }
    while let Some(rest) = file.strip_prefix("./").or_else(|| file.strip_prefix("../")) {
        file = rest;
    }
    file.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn files_are_relative_to_the_source() {
        assert_eq!(relative("/build/linux/fs/x.c", "/build/linux"), "fs/x.c");
        assert_eq!(relative("../../../fs/x.c", "/build"), "fs/x.c");
        assert_eq!(
            relative("/build/linux/./include/x.h", "/build/linux"),
            "include/x.h"
        );
        assert_eq!(relative("/usr/include/x.h", ""), "/usr/include/x.h");
    }

    /// A program with a function of each kind, compiled in `directory`.
    fn compile(directory: &Path, more: &[&str]) {
        let source = "static inline __attribute__((always_inline)) void twice(volatile int *i) { *i *= 2; }\n\
                      __attribute__((noinline)) void plain(volatile int *i) { twice(i); twice(i + 1); }\n\
                      static int unused(int i);\n\
                      int main(void) { volatile int i[2] = {1, 2}; plain(i); return i[0]; }\n";
        fs::write(directory.join("x.c"), source).unwrap();
        let status = Command::new("cc")
            .args(["-g", "-O2", "-o", "x", "x.c"])
            .args(more)
            .current_dir(directory)
            .status();
        assert!(status.unwrap().success());
    }

    fn check(more: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        compile(directory.path(), more);
        let path = directory.path().join("x");
        let cache = directory.path().join("cache");
        let found = Sources::load(&path, Some(&cache)).unwrap().unwrap();
        let source = |line, inlined, has_code| {
            let file = "x.c".to_owned();
            vec![Source {
                file,
                line,
                inlined,
                has_code,
            }]
        };
        assert_eq!(found.functions["twice"], source(1, 2, false));
        assert_eq!(found.functions["plain"], source(2, 0, true));
        assert!(!found.functions.contains_key("unused"));
        assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
        let again = Sources::load(&path, Some(&cache)).unwrap().unwrap();
        assert_eq!(again.functions, found.functions);
        // Another file of this name.
        fs::write(
            directory.path().join("x.c"),
            "int other(void) { return 1; }\nint main(void) { return other(); }\n",
        )
        .unwrap();
        let status = Command::new("cc")
            .args(["-g", "-O0", "-o", "x", "x.c"])
            .current_dir(directory.path())
            .status();
        assert!(status.unwrap().success());
        let other = Sources::load(&path, Some(&cache)).unwrap().unwrap();
        assert!(other.functions.contains_key("other") && !other.functions.contains_key("plain"));
    }

    #[test]
    fn functions_are_found_in_the_source() {
        check(&[]);
    }

    #[test]
    fn the_release_is_in_the_banner() {
        let text = b"x\0Linux version 7.3.4+deb13-amd64 (debian-kernel) #1 SMP\0";
        assert_eq!(release(text).as_deref(), Some("7.3.4+deb13-amd64"));
        assert_eq!(release(b"Linux version %s (x)"), None);
        assert_eq!(release(b""), None);
    }

    #[test]
    fn sections_may_be_compressed() {
        check(&["-gz=zlib"]);
    }

    #[test]
    fn a_file_without_debug_information() {
        let directory = tempfile::tempdir().unwrap();
        compile(directory.path(), &["-s"]);
        let found = Sources::load(&directory.path().join("x"), None).unwrap();
        assert!(found.is_none());
        assert!(Sources::load(&directory.path().join("none"), None).is_err());
    }
}
