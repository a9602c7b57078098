// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The events that modules declare in `event!`, and the C that is made of them; the crate's `trace/event.rs` says what they can
//! be.

mod c;
mod field;

use std::path::PathBuf;

use anyhow::{anyhow, bail, ensure, Result};
use proc_macro2::{Ident, TokenStream};

pub use c::{header, source};
use field::Field;

use crate::declared::place;

/// How long an event may be, in bytes: it has to fit into a page of the trace buffer.
const MOST: usize = 2048;
/// How much of it may be of fixed size: that is on the stack of a handler, perhaps more than once.
const MOST_FIXED: usize = 512;

pub struct Event {
    /// What the struct is called, and what the event is.
    rust_name: String,
    name: String,
    fields: Vec<Field>,
    /// The file and the line, for messages.
    place: String,
}

/// The events, if the kernel can have them.
pub fn check(declared: &[(PathBuf, TokenStream)]) -> Result<Vec<Event>> {
    let mut events: Vec<Event> = Vec::new();
    for (path, tokens) in declared {
        let declaration: syn::ItemStruct = syn::parse2(tokens.clone()).map_err(|error| {
            anyhow!(
                "{}: error: {error}; an event is declared as `event! {{ struct Name {{ field: type, other: type }} }}`",
                place(path, error.span())
            )
        })?;
        let rust_name = declaration.ident.to_string();
        let event = Event {
            name: snake_case(&rust_name),
            place: place(path, declaration.ident.span()),
            fields: match &declaration.fields {
                syn::Fields::Named(fields) => fields
                    .named
                    .iter()
                    .map(|field| Field::new(field, path))
                    .collect::<Result<_>>()?,
                _ => bail!(
                    "{}: error: the fields of an event have names",
                    place(path, declaration.ident.span())
                ),
            },
            rust_name,
        };
        ensure!(
            is_c_name(&event.rust_name) && is_c_name(&event.name),
            "{}: error: `{}` cannot be the name of an event in C: take another",
            event.place,
            event.rust_name
        );
        ensure!(
            !event.fields.is_empty(),
            "{}: error: `{}` has no fields: an event has one at least",
            event.place,
            event.rust_name
        );
        let size: usize = event.fields.iter().map(Field::size).sum();
        ensure!(
            size <= MOST,
            "{}: error: `{}` may have {size} bytes, and an event {MOST} at most",
            event.place,
            event.rust_name
        );
        let fixed: usize = event.fields.iter().filter_map(Field::fixed_size).sum();
        ensure!(
            fixed <= MOST_FIXED,
            "{}: error: `{}` has {fixed} bytes on the stack, and an event may have {MOST_FIXED} there",
            event.place,
            event.rust_name
        );
        if let Some(other) = events.iter().find(|other| other.name == event.name) {
            bail!(
                "{}: error: the event `{}` is declared twice, first at {}",
                event.place,
                event.name,
                other.place
            );
        }
        events.push(event);
    }
    Ok(events)
}

/// `FileRead` as `file_read`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    let mut after_capital = true;
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            if !after_capital {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        } else {
            snake.push(letter);
        }
        after_capital = letter.is_ascii_uppercase() || letter == '_';
    }
    snake
}

/// Whether C takes it for a name.
fn is_c_name(name: &str) -> bool {
    const KEYWORDS: [&str; 41] = [
        "asm", "auto", "break", "case", "char", "const", "continue", "default", "do", "double",
        "else", "enum", "extern", "float", "for", "goto", "if", "inline", "int", "long",
        "register", "restrict", "return", "short", "signed", "sizeof", "static", "struct",
        "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile", "while", "alignof",
        "bool", "false", "true", "nullptr",
    ];
    name.chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !KEYWORDS.contains(&name)
}

/// A name without what Rust needs to take it for one.
fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.trim_start_matches("r#").to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn events(declared: &[&str]) -> Result<Vec<Event>> {
        let declared: Vec<_> = declared
            .iter()
            .map(|text| (PathBuf::from("m.rs"), text.parse().unwrap()))
            .collect();
        check(&declared)
    }

    fn refused(declared: &[&str]) -> String {
        match events(declared) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{declared:?} should be refused"),
        }
    }

    #[test]
    fn names_are_small() {
        for (name, snake) in [
            ("Read", "read"),
            ("FileRead", "file_read"),
            ("TCPConnect", "tcpconnect"),
            ("Read2", "read2"),
            ("Read_Two", "read_two"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn what_the_kernel_has_not_is_named() {
        for kind in [
            "f64",
            "u128",
            "char",
            "Option<u8>",
            "String",
            "&str",
            "[u8; N]",
            "[bool; 2]",
            "[u8; 0]",
            "()",
        ] {
            let error = refused(&[&format!("struct A {{ ratio: {kind} }}")]);
            assert!(error.starts_with("m.rs:1:"), "{error}");
            assert!(error.contains("`ratio`"), "{error}");
        }
        assert!(
            refused(&["struct A { ratio: f64 }"]).contains("has no `f64`; it can have i8 to i64")
        );
    }

    #[test]
    fn names_that_are_taken_are_refused() {
        assert!(refused(&["struct A { int: u8 }"]).contains("`int`"));
        assert!(refused(&["struct A { common_pid: u8 }"]).contains("`common_pid`"));
        assert!(refused(&["struct Int { a: u8 }"]).contains("`Int`"));
        assert!(
            refused(&["struct FileRead { a: u8 }", "struct File_Read { a: u8 }"])
                .contains("`file_read` is declared twice")
        );
    }

    #[test]
    fn what_is_no_struct_is_refused() {
        for text in [
            "",
            "enum A { B }",
            "struct A;",
            "struct A(u8);",
            "struct A {}",
            "struct A { $x }",
        ] {
            refused(&[text]);
        }
        assert!(refused(&["struct A { a: [u64; 300] }"])
            .contains("may have 2400 bytes, and an event 2048 at most"));
    }

    #[test]
    fn c_is_made() {
        let events = events(&[
            "/// One.\nstruct FileRead<'a> { r#type: i32, #[hex] mac: [u8; 6], comm: Comm, path: &'a CStr, caller: Symbol, many: [u16; 2] }",
        ])
        .unwrap();
        let text = header(&events, "m", std::path::Path::new("d/m_events_generated.h"));
        for line in [
            "#define TRACE_SYSTEM m\n",
            "\t\t__field(s32, type)\n",
            "\t\t__array(u8, mac, 6)\n",
            "\t\t__array(char, comm, 16)\n",
            "\t\t__dynamic_array(char, path, from->path.len + 1)\n",
            "TP_printk(\"type=%d mac=%s comm=%.16s path=%s caller=%pS many=%s\",",
            "#define TRACE_INCLUDE_FILE m_events_generated\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        let text = source(&events, std::path::Path::new("d/m_events_generated.h"));
        assert!(text.contains("RPROBES_EVENT(file_read, \"FileRead\", \"rprobes_event.FileRead.i32.u8x6.Comm.text.Symbol.u16x2\");"), "{text}");
    }
}
