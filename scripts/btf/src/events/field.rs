// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A field of an event: what it is in Rust, and what it becomes in C.

use std::path::Path;

use anyhow::{bail, ensure, Result};
use proc_macro2::Span;
use syn::spanned::Spanned;

use super::{is_c_name, plain};
use crate::declared::place;

pub struct Field {
    pub name: String,
    pub kind: Kind,
    /// The type as it is in the name of the function that Rust calls.
    pub symbol: String,
    pub hex: bool,
    /// The file and the line, for messages.
    pub place: String,
}

pub enum Kind {
    /// A number, or a bool.
    Number(&'static Number),
    Numbers(&'static Number, usize),
    /// Bytes that are text as long as it takes, or to the end.
    Text(usize),
    AnyText,
    Symbol,
}

/// A type of numbers.
pub struct Number {
    rust: &'static str,
    pub c: &'static str,
    pub size: usize,
    pub decimal: &'static str,
    pub hex: &'static str,
}

#[rustfmt::skip]
const NUMBERS: [Number; 11] = [
    Number { rust: "i8", c: "s8", size: 1, decimal: "%d", hex: "0x%x" },
    Number { rust: "i16", c: "s16", size: 2, decimal: "%d", hex: "0x%x" },
    Number { rust: "i32", c: "s32", size: 4, decimal: "%d", hex: "0x%x" },
    Number { rust: "i64", c: "s64", size: 8, decimal: "%lld", hex: "0x%llx" },
    Number { rust: "isize", c: "long", size: 8, decimal: "%ld", hex: "0x%lx" },
    Number { rust: "u8", c: "u8", size: 1, decimal: "%u", hex: "0x%x" },
    Number { rust: "u16", c: "u16", size: 2, decimal: "%u", hex: "0x%x" },
    Number { rust: "u32", c: "u32", size: 4, decimal: "%u", hex: "0x%x" },
    Number { rust: "u64", c: "u64", size: 8, decimal: "%llu", hex: "0x%llx" },
    Number { rust: "usize", c: "unsigned long", size: 8, decimal: "%lu", hex: "0x%lx" },
    Number { rust: "bool", c: "bool", size: 1, decimal: "%d", hex: "0x%x" },
];

/// How long the name of a thread is.
const COMM: usize = 16;

/// What a text of any length counts for: with its NUL, and where it is.
const ANY_TEXT: usize = 512;

impl Field {
    pub fn new(field: &syn::Field, path: &Path) -> Result<Self> {
        let ident = field.ident.as_ref().expect("the fields have names");
        let name = plain(ident);
        let at = |span: Span| place(path, span);
        ensure!(
            is_c_name(&name)
                && !name.starts_with("common_")
                && !["ent", "__data"].contains(&&*name),
            "{}: error: `{name}` cannot be the name of a field of an event: C, or every event, has it already",
            at(ident.span())
        );
        let mut hex = false;
        for attribute in &field.attrs {
            if attribute.path().is_ident("hex") {
                hex = true;
            } else if !attribute.path().is_ident("doc") {
                bail!(
                    "{}: error: field `{name}`: a field of an event has no attributes but `#[hex]`",
                    at(attribute.span())
                );
            }
        }
        let Some((kind, symbol)) = kind(&field.ty) else {
            bail!(
                "{}: error: field `{name}`: an event has no `{}`; it can have i8 to i64, u8 to u64, isize, usize, bool, arrays of \
                 integers such as [u32; 4], [u8; 16] and Comm for text, Symbol, and &'a [u8], &'a CStr and &'a str for text of any length",
                at(field.ty.span()),
                text(&field.ty)
            );
        };
        let kind = match kind {
            Kind::Text(n) if hex && symbol != "Comm" => Kind::Numbers(number("u8").unwrap(), n),
            kind => kind,
        };
        ensure!(
            !hex || matches!(kind, Kind::Number(_) | Kind::Numbers(..)),
            "{}: error: field `{name}`: `#[hex]` is for integers, and for [u8; N]",
            at(ident.span())
        );
        Ok(Self {
            name,
            kind,
            symbol,
            hex,
            place: at(ident.span()),
        })
    }

    /// How much room it takes at most.
    pub fn size(&self) -> usize {
        self.fixed_size().unwrap_or(ANY_TEXT)
    }

    /// None of a text of any length.
    pub fn fixed_size(&self) -> Option<usize> {
        match &self.kind {
            Kind::Number(number) => Some(number.size),
            Kind::Numbers(number, n) => Some(number.size * n),
            Kind::Text(n) => Some(*n),
            Kind::AnyText => None,
            Kind::Symbol => Some(8),
        }
    }
}

fn number(name: &str) -> Option<&'static Number> {
    NUMBERS.iter().find(|number| number.rust == name)
}

/// What a type becomes, and its name in symbols, as `__event_type!(@name …)` of the crate has it.
fn kind(ty: &syn::Type) -> Option<(Kind, String)> {
    let name = |ty: &syn::Type| match ty {
        syn::Type::Path(path) => path.path.get_ident().map(ToString::to_string),
        _ => None,
    };
    match ty {
        syn::Type::Reference(reference) => {
            reference.lifetime.as_ref()?;
            let is_text = match &*reference.elem {
                syn::Type::Slice(slice) => name(&slice.elem)? == "u8",
                other => ["CStr", "str"].contains(&&*name(other)?),
            };
            (is_text && reference.mutability.is_none()).then(|| (Kind::AnyText, "text".to_owned()))
        }
        syn::Type::Array(array) => {
            let element = number(&name(&array.elem)?).filter(|number| number.rust != "bool")?;
            let syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Int(n),
                ..
            }) = &array.len
            else {
                return None;
            };
            let n = n.base10_parse().ok().filter(|n| *n > 0)?;
            let kind = match element.rust {
                "u8" => Kind::Text(n),
                _ => Kind::Numbers(element, n),
            };
            Some((kind, format!("{}x{n}", element.rust)))
        }
        _ => {
            let name = name(ty)?;
            let kind = match &*name {
                "Symbol" => Kind::Symbol,
                "Comm" => Kind::Text(COMM),
                _ => Kind::Number(number(&name)?),
            };
            Some((kind, name))
        }
    }
}

/// A type as it was written, more or less.
fn text(ty: &syn::Type) -> String {
    let source = ty.span().source_text();
    source.unwrap_or_else(|| "such type".to_owned())
}
