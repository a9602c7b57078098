// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Writes what `kernel_types!` includes: a type for each function, with its arguments and its result, and for each struct
//! that the source can get at, with its members. The crate's `types` says what these stand on.
//!
//! Structs are followed along members whose names are words of the source, so that what is written stays small; all others
//! are names without members.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    fmt::Write,
    path::{Path, PathBuf},
};

use anyhow::{anyhow, bail, ensure, Result};
use btf_rs::{BtfType, FuncProto, Type};

use crate::{
    abi::{Abi, Place},
    btf::Btf,
    declared::{Declared, Item, Kind},
    headers::{self, Parameter},
    names::nearest,
};

/// Where to look things up.
pub struct Sources<'a> {
    pub btf: Option<&'a Path>,
    pub modules: &'a [PathBuf],
    pub include: Option<&'a Path>,
    pub syscalls: Option<&'a Path>,
    /// Whether the module is to compare them with the running kernel's.
    pub check: bool,
}

/// Of how many words the crate can take the arguments of a tracepoint.
const MOST_WORDS: usize = 12;

/// The file that is included.
pub fn generate(declared: &Declared, sources: &Sources<'_>, abi: Abi) -> Result<String> {
    let mut writer = Writer::new(declared, abi);
    if let Some(first) = declared.items.first() {
        let path = sources.btf.ok_or_else(|| {
            anyhow!(
                "{}: error: this kernel comes without its types (BTF), so functions and structs cannot be named: it is built \
                 without CONFIG_DEBUG_INFO_BTF=y, or pahole was missing then, or neither vmlinux nor the image in /boot is \
                 there; Target::symbol() and raw registers do without",
                first.place
            )
        })?;
        writer.btfs.push(Btf::load(path)?);
        writer.declare(&declared.items, sources)?;
        writer.finish()?;
    }
    Ok(writer.text(sources.check))
}

/// A type: of which of the BTFs, and its number there. The numbers of the kernel's own are the same in all.
type Key = (usize, u32);

struct Writer<'a> {
    declared: &'a Declared,
    abi: Abi,
    /// That of the kernel, and then those of modules.
    btfs: Vec<Btf>,
    names: HashMap<Key, String>,
    taken: HashSet<String>,
    /// Structs whose members are yet to be written, and those that were asked for at all.
    queue: VecDeque<Key>,
    followed: HashSet<Key>,
    types: String,
    members: String,
    arguments: String,
    functions: String,
    names_declared: Vec<String>,
    /// What the running kernel must have, too.
    expectations: String,
}

impl<'a> Writer<'a> {
    fn new(declared: &'a Declared, abi: Abi) -> Self {
        Self {
            declared,
            abi,
            btfs: Vec::new(),
            names: HashMap::new(),
            taken: HashSet::new(),
            queue: VecDeque::new(),
            followed: HashSet::new(),
            types: String::new(),
            members: String::new(),
            arguments: String::new(),
            functions: String::new(),
            names_declared: Vec::new(),
            expectations: String::new(),
        }
    }

    fn declare(&mut self, items: &[Item], sources: &Sources<'_>) -> Result<()> {
        let functions: Vec<_> = items
            .iter()
            .filter(|item| matches!(item.kind, Kind::Function(_)))
            .map(|item| item.name.as_str())
            .collect();
        let users = match sources.include {
            Some(include) => headers::user_parameters(include, &functions)?,
            None => HashMap::new(),
        };
        let calls = match sources.syscalls {
            Some(path) => headers::system_calls(path)?,
            None => HashMap::new(),
        };
        let mut modules: Vec<String> = Vec::new();
        // What is declared by its own name has that name, whatever else is reached.
        for item in items {
            if matches!(item.kind, Kind::Struct | Kind::Union) {
                self.declare_struct(item)?;
            }
        }
        for item in items {
            match &item.kind {
                Kind::Struct | Kind::Union => {}
                Kind::Syscall => {
                    let parameters = calls.get(&item.name).ok_or_else(|| {
                        let near = near_call(&item.name, &calls);
                        anyhow!(
                            "{}: error: there is no system call `{}`{near}",
                            item.place,
                            item.name
                        )
                    })?;
                    self.system_call(item, parameters)?;
                }
                Kind::Function(None) => {
                    self.function(item, 0, None, users.get(&item.name))?;
                }
                Kind::Function(Some(module)) => {
                    let index = self.module(item, module, &mut modules, sources)?;
                    self.function(item, index, Some(module), users.get(&item.name))?;
                }
                Kind::Tracepoint(None) => self.tracepoint(item, 0, None)?,
                Kind::Tracepoint(Some(module)) => {
                    let index = self.module(item, module, &mut modules, sources)?;
                    self.tracepoint(item, index, Some(module))?;
                }
            }
        }
        Ok(())
    }

    /// Which of the BTFs is that of a module; `modules` are those that are there, behind the kernel's.
    fn module(
        &mut self,
        item: &Item,
        module: &str,
        modules: &mut Vec<String>,
        sources: &Sources<'_>,
    ) -> Result<usize> {
        if let Some(at) = modules.iter().position(|known| known == module) {
            return Ok(at + 1);
        }
        let path = headers::module(sources.modules, module).ok_or_else(|| {
            anyhow!(
                "{}: error: the module `{module}` is not among those whose types are known; name its file in the Kbuild \
                 file: rprobes-modules := path/to/{module}.ko",
                item.place
            )
        })?;
        let btf = self.btfs[0].load_module(&path)?;
        self.btfs.push(btf);
        modules.push(module.to_owned());
        Ok(modules.len())
    }

    fn declare_struct(&mut self, item: &Item) -> Result<()> {
        let ids: Vec<u32> = self.btfs[0].structs(&item.name)?;
        let word = if item.kind == Kind::Union {
            "union"
        } else {
            "struct"
        };
        let mut of_kind = Vec::new();
        for id in ids {
            let is_union = matches!(self.btfs[0].get(id)?, Type::Union(_));
            if is_union == (item.kind == Kind::Union) {
                of_kind.push(id);
            }
        }
        match of_kind[..] {
            [id] => {
                let name = self.reach(0, id, true)?;
                self.export(item, format!("types::{name}"))?;
                Ok(())
            }
            [] => bail!(
                "{}: error: the kernel has no `{word} {}`{}",
                item.place,
                item.name,
                hint(&self.btfs[0].near(&item.name, false))
            ),
            _ => bail!(
                "{}: error: the kernel has {} different `{word} {}`; reach the one that is meant through a function or a \
                 member that has it",
                item.place,
                of_kind.len(),
                item.name
            ),
        }
    }

    fn function(
        &mut self,
        item: &Item,
        index: usize,
        module: Option<&str>,
        users: Option<&Vec<Vec<bool>>>,
    ) -> Result<()> {
        let name = &item.name;
        if let Some((function, _)) = name.split_once('.') {
            bail!(
                "{}: error: `{name}` is a clone of `{function}` that the compiler made: what its parameters are nobody \
                 knows; use Target::symbol(c\"{name}\") and raw registers",
                item.place
            );
        }
        let protos = self.btfs[index].functions(name)?;
        let proto = match &protos[..] {
            [proto] => proto,
            [] => bail!(
                "{}: error: the kernel's types have no function `{name}`{}: it is misspelt, inlined everywhere, a clone of \
                 the compiler's with other parameters (`{name}.isra.0`, `{name}.constprop.0`), or several functions have \
                 the name; where it can be probed at all, use Target::symbol() and raw registers",
                item.place,
                hint(&self.btfs[index].near(name, true))
            ),
            _ => {
                let mut text = String::new();
                for proto in &protos {
                    let _ = write!(text, "\n    {}", self.btfs[index].prototype(name, proto)?);
                }
                bail!(
                    "{}: error: there are {} functions `{name}`, with different prototypes; use Target::symbol() with a \
                     position, and raw registers:{text}",
                    item.place,
                    protos.len()
                )
            }
        };
        let prototype = self.btfs[index].prototype(name, proto)?;
        let arguments = self.abi.arguments(&self.btfs[index], proto)?.map_err(|why| {
            anyhow!(
                "{}: error: where the arguments of `{name}` are is not clear, as {why}; use Target::symbol() and raw \
                 registers: {prototype}",
                item.place
            )
        })?;
        for user in &item.user {
            let known = proto
                .parameters
                .iter()
                .any(|parameter| self.btfs[index].name(parameter) == *user);
            ensure!(
                known,
                "{}: error: `{name}` has no parameter `{user}`: {prototype}",
                item.place
            );
        }
        let full = match module {
            Some(module) => format!("{module}:{name}"),
            None => name.clone(),
        };
        let rust = ident(name);
        let mut accessors = String::new();
        for (n, (parameter, place)) in proto.parameters.iter().zip(&arguments.places).enumerate() {
            let id = parameter.get_type_id().unwrap_or(0);
            let c_name = self.btfs[index].name(parameter);
            let follow = self.declared.words.contains(&c_name);
            let is_user = item.user.contains(&c_name)
                || users.is_some_and(|declarations| {
                    declarations
                        .iter()
                        .any(|users| users.len() == proto.parameters.len() && users[n])
                });
            let of = self.parameter_type(index, id, is_user, follow)?;
            let method = if c_name.is_empty() {
                format!("arg{n}")
            } else {
                ident(&c_name)
            };
            let (output, body) = match *place {
                Place::Registers(register) => (
                    format!("Value<{of}>"),
                    if self.btfs[index].size(id)? > 8 {
                        format!("pair::<{of}, {register}>(self.0)")
                    } else {
                        format!("register::<{of}, {register}>(self.0)")
                    },
                ),
                Place::Stack(word) => (
                    format!("Result<Value<{of}>>"),
                    format!("on_stack::<{of}>(self.0, {word})"),
                ),
                Place::Pointed(register) => (
                    format!("Result<Value<{of}>>"),
                    format!("pointed::<{of}, {register}>(self.0)"),
                ),
                Place::Nowhere => continue,
            };
            let c = self.btfs[index].declaration(id, &c_name)?;
            let _ = write!(
                accessors,
                "        /// `{c}`\n        #[inline(always)]\n        pub fn {method}(self) -> {output} {{ {body} }}\n"
            );
        }
        let (returned, words, result) = self.return_type(index, proto)?;
        let _ = write!(
            self.arguments,
            "    #[derive(Clone, Copy)]\n    pub struct {rust}<'a>(pub(super) &'a PtRegs); // {prototype}\n    impl<'a> {rust}<'a> {{\n\
             {accessors}    }}\n"
        );
        let _ = write!(
            self.functions,
            "    /// `{prototype}`\n    #[derive(Clone, Copy)]\n    pub enum {rust} {{}}\n\
             \x20   impl {rust} {{\n        /// Where a probe on it goes.\n\
             \x20       pub const TARGET: Target<'static, Self> = Target::of(c\"{full}\");\n    }}\n\
             \x20   // SAFETY: That is what the types of the kernel say.\n    unsafe impl Signature for {rust} {{\n        type Return = {returned};\n\
             \x20       const REGISTERS: usize = {};\n        const ON_STACK: bool = {};\n        const RETURN_WORDS: usize = {words};\n\
             \x20       #[inline(always)]\n        #[allow(unused_variables)] fn returned(regs: &PtRegs) -> Self::Return {{ {result} }}\n    }}\n\
             \x20   impl Function for {rust} {{\n        const PROTOTYPE: &'static str = \"{prototype}\";\n\
             \x20       type Args<'a> = arguments::{rust}<'a>;\n\
             \x20       #[inline(always)]\n        fn args(regs: &PtRegs) -> Self::Args<'_> {{ arguments::{rust}(regs) }}\n    }}\n",
            arguments.registers, arguments.on_stack
        );
        self.export(item, format!("functions::{rust}"))?;
        // Those of modules are in another file.
        if module.is_none() {
            let spelled = self.btfs[index].spelled(name, proto)?;
            let _ = writeln!(
                self.expectations,
                "        Expectation::Function(\"{name}\", \"{spelled}\"),"
            );
        }
        Ok(())
    }

    fn tracepoint(&mut self, item: &Item, index: usize, module: Option<&str>) -> Result<()> {
        let name = &item.name;
        let proto = self.btfs[index].tracepoint(name)?.ok_or_else(|| {
            let near = self.btfs[index]
                .near_tracepoints(name)
                .unwrap_or_default();
            anyhow!(
                "{}: error: the kernel's types have no tracepoint `{name}`{}: it is misspelt, or in a module, then write \
                 `tracepoint module:{name}`",
                item.place,
                hint(&near)
            )
        })?;
        let btf = &self.btfs[index];
        let prototype = btf.tracepoint_prototype(name)?.unwrap_or_default();
        let unclear = |why: &str| {
            anyhow!(
                "{}: error: where the arguments of `{name}` are is not clear, as {why}; use Target::tracepoint() and arg(): \
                 {prototype}",
                item.place
            )
        };
        let arguments = self
            .abi
            .arguments(btf, &proto)?
            .map_err(|why| unclear(&why))?;
        // Words of arguments are counted without that which is the callee's own.
        let count = arguments.words(self.abi) - 1;
        if count > MOST_WORDS {
            return Err(unclear("there are too many of them"));
        }
        let rust = ident(name);
        let full = match module {
            Some(module) => format!("{module}:{name}"),
            None => name.clone(),
        };
        let mut accessors = String::new();
        let parameters = proto.parameters.iter().zip(&arguments.places);
        for (n, (parameter, place)) in parameters.enumerate().skip(1) {
            let id = parameter.get_type_id().unwrap_or(0);
            let c_name = self.btfs[index].name(parameter);
            let follow = self.declared.words.contains(&c_name);
            let of = self.text_of(index, id, follow)?;
            let method = if c_name.is_empty() {
                format!("arg{}", n - 1)
            } else {
                ident(&c_name)
            };
            let (output, read, word) = match *place {
                Place::Registers(register) => (format!("Value<{of}>"), "word", register),
                Place::Stack(word) => {
                    let word = self.abi.registers() + word;
                    (format!("Value<{of}>"), "word", word)
                }
                Place::Pointed(register) => {
                    (format!("Result<Value<{of}>>"), "pointed_word", register)
                }
                Place::Nowhere => continue,
            };
            if read == "word" && self.btfs[index].size(id)? > 16 {
                return Err(unclear(&format!("`{c_name}` is a large struct")));
            }
            let c = self.btfs[index].declaration(id, &c_name)?;
            let _ = write!(
                accessors,
                "        /// `{c}`\n        #[inline(always)]\n        pub fn {method}(self) -> {output} {{ {read}::<{of}, {}, {count}>(self.0) }}\n",
                word - 1
            );
        }
        let _ = write!(
            self.arguments,
            "    #[derive(Clone, Copy)]\n    pub struct {rust}<'a>(pub(super) &'a [usize; {count}]); // {prototype}\n    impl<'a> {rust}<'a> {{\n\
             {accessors}    }}\n"
        );
        let _ = write!(
            self.functions,
            "    /// `{prototype}`\n    #[derive(Clone, Copy)]\n    pub enum {rust} {{}}\n\
             \x20   impl {rust} {{\n        /// Where a probe at it goes.\n\
             \x20       pub const TARGET: Target<'static, Self> = Target::of_tracepoint(c\"{full}\");\n    }}\n\
             \x20   // SAFETY: That is what the types of the kernel say.\n    unsafe impl TracepointSignature for {rust} {{\n\
             \x20       type Words = [usize; {count}];\n    }}\n\
             \x20   impl NamedTracepoint for {rust} {{\n        const PROTOTYPE: &'static str = \"{prototype}\";\n\
             \x20       type Args<'a> = arguments::{rust}<'a>;\n\
             \x20       #[inline(always)]\n        fn args(words: &Self::Words) -> Self::Args<'_> {{ arguments::{rust}(words) }}\n    }}\n"
        );
        self.export(item, format!("functions::{rust}"))?;
        // What it calls of the kernel's, as far as that is a function with names.
        let iterator = format!("__traceiter_{name}");
        if let (None, [found]) = (module, &self.btfs[index].functions(&iterator)?[..]) {
            let spelled = self.btfs[index].spelled(&iterator, found)?;
            let _ = writeln!(
                self.expectations,
                "        Expectation::Function(\"{iterator}\", \"{spelled}\"),"
            );
        }
        Ok(())
    }

    /// Makes a name of what was declared.
    fn export(&mut self, item: &Item, path: String) -> Result<()> {
        let name = |path: &str| path.rsplit("::").next().map(str::to_owned);
        ensure!(
            !self
                .names_declared
                .iter()
                .any(|other| name(other) == name(&path)),
            "{}: error: something else that is called `{}` is declared already",
            item.place,
            item.name
        );
        self.names_declared.push(path);
        Ok(())
    }

    /// The type of the result, in how many words of registers it is, and how it is had.
    fn return_type(&mut self, index: usize, proto: &FuncProto) -> Result<(String, usize, String)> {
        let id = proto.return_type_id();
        match self.abi.returned(&self.btfs[index], id)? {
            // A function that returns nothing leaves nothing.
            Ok(_) if matches!(self.btfs[index].strip(id)?.1, Type::Void) => {
                Ok(("()".to_owned(), 0, "()".to_owned()))
            }
            Ok(words) => {
                let of = self.text_of(index, id, true)?;
                Ok((
                    format!("Value<{of}>"),
                    words,
                    format!("returned::<{of}>(regs)"),
                ))
            }
            // Both are kept, whatever they are.
            Err(_) => Ok(("NotInRegisters".to_owned(), 2, "NotInRegisters".to_owned())),
        }
    }

    /// As [`text_of`](Self::text_of); a pointer may be known to be the user's.
    fn parameter_type(
        &mut self,
        index: usize,
        id: u32,
        is_user: bool,
        follow: bool,
    ) -> Result<String> {
        let text = self.text_of(index, id, follow)?;
        Ok(match text.strip_prefix("KernelPtr<") {
            Some(rest) if is_user => {
                // What the user's pointers lead to are pointers of the user's.
                format!("UserPtr<{}", rest.replace("KernelPtr<", "UserPtr<"))
            }
            _ => text,
        })
    }

    fn system_call(&mut self, item: &Item, parameters: &[Parameter]) -> Result<()> {
        let name = &item.name;
        let rust = ident(&format!("sys_{name}"));
        let mut accessors = String::new();
        let mut shown = Vec::new();
        for (n, parameter) in parameters.iter().enumerate() {
            let of = self.call_type(&parameter.of)?;
            // bindgen has another way out for names that Rust has taken.
            let name = match parameter.name.strip_suffix('_') {
                Some(taken) if syn::parse_str::<syn::Ident>(taken).is_err() => taken,
                _ => &parameter.name,
            };
            let method = ident(name);
            shown.push(format!("{}: {}", name, of.replace("types::", "")));
            let body = match of.as_str() {
                "isize" => format!("self.0.long({n})"),
                _ => format!("self.0.value::<{of}>({n})"),
            };
            let _ = write!(
                accessors,
                "        #[inline(always)]\n        pub fn {method}(self) -> Value<{of}> {{ {body} }}\n"
            );
        }
        let prototype = format!("sys_{name}({})", shown.join(", "));
        let _ = write!(
            self.arguments,
            "    #[derive(Clone, Copy)]\n    pub struct {rust}(pub(super) Syscall); // {prototype}\n    impl {rust} {{\n{accessors}    }}\n"
        );
        let _ = write!(
            self.functions,
            "    /// `{prototype}`\n    #[derive(Clone, Copy)]\n    pub enum {rust} {{}}\n\
             \x20   impl {rust} {{\n        /// Where a probe on it goes.\n\
             \x20       pub const TARGET: Target<'static, Self> = Target::of_syscall(c\"{name}\");\n    }}\n\
             \x20   // SAFETY: That is what the types of the kernel say.\n    unsafe impl Signature for {rust} {{\n        type Return = isize;\n\
             \x20       const REGISTERS: usize = 1;\n        const ON_STACK: bool = false;\n        const RETURN_WORDS: usize = 1;\n\
             \x20       #[inline(always)]\n        fn returned(regs: &PtRegs) -> Self::Return {{ returned::<isize>(regs) }}\n    }}\n\
             \x20   impl Function for {rust} {{\n        const PROTOTYPE: &'static str = \"{prototype}\";\n\
             \x20       type Args<'a> = arguments::{rust};\n\
             \x20       #[inline(always)]\n        fn args(_regs: &PtRegs) -> Self::Args<'_> {{ arguments::{rust}(syscall()) }}\n    }}\n"
        );
        self.export(item, format!("functions::{rust}"))?;
        Ok(())
    }

    /// A parameter of a system call: integers, and pointers of the user's.
    fn call_type(&mut self, of: &syn::Type) -> Result<String> {
        Ok(match of {
            syn::Type::Ptr(pointer) => {
                let target = self.call_type(&pointer.elem)?;
                format!("UserPtr<{target}>")
            }
            syn::Type::Path(path) => {
                let last = path.path.segments.last();
                let name = last.map_or_else(String::new, |s| s.ident.to_string());
                // Typedefs that are called as types of Rust are.
                let name = match name.strip_suffix('_') {
                    Some(taken @ ("u8" | "u16" | "u32" | "u64" | "i8" | "i16" | "i32" | "i64")) => {
                        taken.to_owned()
                    }
                    _ => name,
                };
                match name.as_str() {
                    "c_char" => "u8".to_owned(),
                    "c_schar" => "i8".to_owned(),
                    "c_uchar" => "u8".to_owned(),
                    "c_short" => "i16".to_owned(),
                    "c_ushort" => "u16".to_owned(),
                    "c_int" => "i32".to_owned(),
                    "c_uint" => "u32".to_owned(),
                    "c_long" => "isize".to_owned(),
                    "c_ulong" => "usize".to_owned(),
                    "c_longlong" => "i64".to_owned(),
                    "c_ulonglong" => "u64".to_owned(),
                    "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "u64" | "i64" | "usize"
                    | "isize" => name,
                    "c_void" => "()".to_owned(),
                    // A pointer to a function.
                    "Option" => "UserPtr<()>".to_owned(),
                    _ => {
                        let of_typedef = self.btfs[0].typedefs(&name)?;
                        let of_struct = self.btfs[0].structs(&name)?;
                        let follow = true;
                        match (&of_typedef[..], &of_struct[..]) {
                            ([id, ..], _) => self
                                .text_of(0, *id, follow)?
                                .replace("KernelPtr<", "UserPtr<"),
                            ([], [id]) => self.text_of(0, *id, follow)?,
                            // An enum.
                            _ => "u32".to_owned(),
                        }
                    }
                }
            }
            _ => "()".to_owned(),
        })
    }

    fn key(&self, index: usize, id: u32) -> Key {
        let (_, last) = self.btfs[index].range();
        let is_kernels = id <= last && !self.btfs[index].is_summary(id);
        (if is_kernels { 0 } else { index }, id)
    }

    /// The name that a struct has in the generated types; with its members if it is to be followed.
    fn reach(&mut self, index: usize, id: u32, follow: bool) -> Result<String> {
        if self.btfs[index].is_summary(id) {
            // By its name, the kernel has it in full.
            if let Type::Struct(t) | Type::Union(t) = self.btfs[index].get(id)? {
                let name = self.btfs[index].name(&t);
                if let [full] = self.btfs[0].structs(&name)?[..] {
                    return self.reach(0, full, follow);
                }
            }
        }
        let key = self.key(index, id);
        if follow && self.followed.insert(key) {
            self.queue.push_back(key);
        }
        if let Some(name) = self.names.get(&key) {
            return Ok(name.clone());
        }
        let found = self.btfs[index].get(id)?;
        let (tag, size) = match &found {
            Type::Struct(t) | Type::Union(t) => (self.btfs[index].name(t), t.size()),
            Type::Fwd(t) => (self.btfs[index].name(t), 0),
            _ => bail!("type {id} is no struct"),
        };
        let wanted = if tag.is_empty() {
            format!("anonymous_{id}")
        } else {
            ident(&tag)
        };
        Ok(self.name(key, &wanted, size))
    }

    fn name(&mut self, key: Key, wanted: &str, size: usize) -> String {
        let mut name = wanted.to_owned();
        let mut n = 1;
        while !self.taken.insert(name.clone()) {
            n += 1;
            name = format!("{wanted}_{n}");
        }
        let _ = writeln!(
            self.types,
            "    #[repr(C)] #[derive(Clone, Copy)] pub struct {name}([u8; {size}]);"
        );
        self.names.insert(key, name.clone());
        name
    }

    /// A type, in Rust, as it is in memory.
    fn text_of(&mut self, index: usize, id: u32, follow: bool) -> Result<String> {
        let found = self.btfs[index].get(id)?;
        Ok(match &found {
            Type::Typedef(t) => {
                let target = t.get_type_id().unwrap_or(0);
                let name = self.btfs[index].name(t);
                match name.as_str() {
                    "__be16" | "__sum16" => "Be<u16>".to_owned(),
                    "__be32" | "__wsum" => "Be<u32>".to_owned(),
                    "__be64" => "Be<u64>".to_owned(),
                    "__le16" => "Le<u16>".to_owned(),
                    "__le32" => "Le<u32>".to_owned(),
                    "__le64" => "Le<u64>".to_owned(),
                    _ => {
                        // A struct that has no other name is called by this one.
                        if let Type::Struct(inner) | Type::Union(inner) =
                            self.btfs[index].get(target)?
                        {
                            let key = self.key(index, target);
                            if self.btfs[index].name(&inner).is_empty()
                                && !self.names.contains_key(&key)
                            {
                                self.name(key, &ident(&name), inner.size());
                            }
                        }
                        self.text_of(index, target, follow)?
                    }
                }
            }
            Type::Const(t) | Type::Volatile(t) | Type::Restrict(t) => {
                self.text_of(index, t.get_type_id().unwrap_or(0), follow)?
            }
            Type::TypeTag(t) => self.text_of(index, t.get_type_id().unwrap_or(0), follow)?,
            Type::Int(t) => {
                let signed = if t.is_signed() { "i" } else { "u" };
                match (self.btfs[index].name(t).as_str(), t.size()) {
                    _ if t.is_bool() => "Bool".to_owned(),
                    // Of whichever sign: it is text.
                    ("char", _) => "u8".to_owned(),
                    ("long int", 8) => "isize".to_owned(),
                    ("long unsigned int" | "unsigned long", 8) => "usize".to_owned(),
                    ("long", 8) => "isize".to_owned(),
                    (_, size) => format!("{signed}{}", size * 8),
                }
            }
            Type::Enum(t) => int(t.is_signed(), t.size()),
            Type::Enum64(t) => int(t.is_signed(), t.size()),
            Type::Float(t) => format!("[u8; {}]", t.size()),
            Type::Array(t) => {
                let of = self.text_of(index, t.get_type_id().unwrap_or(0), follow)?;
                format!("[{of}; {}]", t.len())
            }
            Type::Ptr(t) => {
                let target = t.get_type_id().unwrap_or(0);
                let of = match self.btfs[index].strip(target)?.1 {
                    Type::FuncProto(_) | Type::Void => "()".to_owned(),
                    _ => self.text_of(index, target, follow)?,
                };
                if self.btfs[index].has_tag(target, "user")? {
                    format!("UserPtr<{}>", of.replace("KernelPtr<", "UserPtr<"))
                } else {
                    format!("KernelPtr<{of}>")
                }
            }
            Type::Struct(_) | Type::Union(_) => {
                format!("types::{}", self.reach(index, id, follow)?)
            }
            Type::Fwd(t) => {
                // Declared only, where this was compiled; elsewhere there is more.
                let name = self.btfs[index].name(t);
                let (here, kernels) = (
                    self.btfs[index].structs(&name)?,
                    self.btfs[0].structs(&name)?,
                );
                let (index, full) = match (&here[..], &kernels[..]) {
                    ([full], _) => (index, *full),
                    ([], [full]) => (0, *full),
                    _ => (index, id),
                };
                let follow = follow && full != id;
                format!("types::{}", self.reach(index, full, follow)?)
            }
            _ => "()".to_owned(),
        })
    }

    /// Writes the members of all structs that were asked for.
    fn finish(&mut self) -> Result<()> {
        while let Some((index, id)) = self.queue.pop_front() {
            let (Type::Struct(of) | Type::Union(of)) = self.btfs[index].get(id)? else {
                continue;
            };
            let name = self.names[&(index, id)].clone();
            let members = self.btfs[index].members(&of)?;
            let tag = self.btfs[index].name(&of);
            let mut text = String::new();
            let mut names = HashSet::new();
            for member in members {
                if !names.insert(member.name.clone()) {
                    continue;
                }
                let follow = self.declared.words.contains(&member.name);
                let of = self.text_of(index, member.type_id, follow)?;
                if follow && index == 0 && !tag.is_empty() {
                    let _ = writeln!(
                        self.expectations,
                        "        Expectation::Member(\"{tag}\", \"{}\", {}, {}),",
                        member.name,
                        member.bit_offset,
                        member.bits.unwrap_or(0)
                    );
                }
                let field = ident(&member.name);
                let (byte, bit) = (member.bit_offset / 8, member.bit_offset % 8);
                let _ = match member.bits {
                    Some(bits) => writeln!(
                        text,
                        "        pub {field}: BitField<types::{name}, {of}, {byte}, {bit}, {bits}>,"
                    ),
                    None => writeln!(
                        text,
                        "        pub {field}: Field<types::{name}, {of}, {byte}>,"
                    ),
                };
            }
            let _ = write!(
                self.members,
                "    #[derive(Clone, Copy)]\n    pub struct {name} {{\n{text}    }}\n"
            );
        }
        let mut names: Vec<_> = self
            .names
            .iter()
            .map(|(key, name)| (name.clone(), self.followed.contains(key)))
            .collect();
        names.sort();
        for (name, followed) in names {
            let members = if followed {
                format!("super::members::{name}")
            } else {
                "NoMembers".to_owned()
            };
            let _ = write!(
                self.types,
                "    // SAFETY: It is an array of bytes.\n    unsafe impl Plain for {name} {{\n        type Value = Self;\n\
                 \x20       #[inline(always)] fn value(self) -> Self {{ self }}\n    }}\n\
                 \x20   // SAFETY: Its members are fields and bit-fields.\n    unsafe impl Struct for {name} {{ type Members = {members}; }}\n"
            );
        }
        Ok(())
    }

    fn text(&self, check: bool) -> String {
        let mut declared = String::new();
        for name in &self.names_declared {
            let _ = writeln!(declared, "    pub use super::{name};");
        }
        let expected = if check && !self.expectations.is_empty() {
            format!(
                "mod expected {{\n    use ::rprobes::__generated::*;\n    #[no_mangle]\n    static rprobes_expected_types: Expected = Expected::new(&[\n{}    ]);\n}}\n",
                self.expectations
            )
        } else {
            String::new()
        };
        format!(
            "// Written by rprobes-btf, from the kernel's types (BTF).\n\
             pub mod types {{\n    use ::rprobes::__generated::*;\n{}}}\n\
             pub mod members {{\n    use super::types;\n    use ::rprobes::__generated::*;\n{}}}\n\
             pub mod arguments {{\n    use super::types;\n    use ::rprobes::__generated::*;\n{}}}\n\
             pub mod functions {{\n    use super::{{arguments, types}};\n    use ::rprobes::__generated::*;\n{}}}\n\
             pub mod declared {{\n{declared}}}\n{expected}",
            self.types, self.members, self.arguments, self.functions
        )
    }
}

fn int(signed: bool, size: usize) -> String {
    format!("{}{}", if signed { "i" } else { "u" }, size * 8)
}

/// A C name, in Rust.
fn ident(name: &str) -> String {
    match name {
        "self" | "super" | "crate" | "Self" | "_" => format!("{name}_"),
        _ if syn::parse_str::<syn::Ident>(name).is_ok() => name.to_owned(),
        _ => format!("r#{name}"),
    }
}

fn hint(near: &[String]) -> String {
    match near {
        [] => String::new(),
        near => format!(" (did you mean `{}`?)", near.join("` or `")),
    }
}

fn near_call(name: &str, calls: &HashMap<String, Vec<Parameter>>) -> String {
    let near = nearest(name, None, calls.keys().map(String::as_str));
    let near: Vec<_> = near.into_iter().map(str::to_owned).collect();
    hint(&near)
}
