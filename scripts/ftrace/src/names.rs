// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Which functions ftrace is to see, by their names, and what it calls them.
//!
//! A module's object has its own functions in it, and generic ones of other crates. Seen are its own: those that are defined in
//! its crate, whatever type they are of; but no handlers, the methods of the traits of rprobes, and nothing inside them. What
//! handlers call in turn is seen, as it is in C: ftrace and kprobes guard against recursion themselves.
//!
//! The names that Rust makes (`_RNvCs4uCMKOWu4Xg_11ftrace_demo4work`) are right for a linker, and for nobody else. So each
//! function gets the name of its path, `ftrace_demo_work`, or `ftrace_demo_Counter_add` for `<ftrace_demo::Counter>::add`, by
//! which backtraces and perf call it, too. The functions that the kernel calls at load and unload are `ftrace_demo_init` and
//! `ftrace_demo_exit`, as in C.

/// What ftrace is to do with a function.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    No,
    /// Under the name that it has.
    AsItIs,
    /// Under the first of these names that no other function has.
    As(Vec<String>),
}

/// As the kernel's own names go, the longest that is still of use to somebody.
const LONGEST: usize = 127;

/// What ftrace is to do with the function `symbol` of the module `module`.
pub fn seen(symbol: &str, module: &str) -> Seen {
    match symbol {
        "init_module" => return Seen::As(vec![format!("{module}_init")]),
        "cleanup_module" => return Seen::As(vec![format!("{module}_exit")]),
        _ => {}
    }
    // What is not mangled was given its name by the author.
    let Ok(demangled) = rustc_demangle::try_demangle(symbol) else {
        return Seen::AsItIs;
    };
    let path = format!("{demangled:#}");
    // Not what macros make of module!.
    let made = ["::__module_init::", "::ModuleWithProbes"];
    if defining_crate(symbol) != Some(module)
        || path.contains(" as rprobes::")
        || made.iter().any(|part| path.contains(part))
    {
        return Seen::No;
    }
    let mut names: Vec<_> = match split(&path) {
        (of, Some(of_trait), rest) => {
            let of_trait = of_trait.split('<').next().unwrap_or(of_trait);
            let short = of_trait.rsplit("::").next().unwrap_or(of_trait);
            vec![
                format!("{of} {rest}"),
                format!("{of} {short} {rest}"),
                format!("{of} {of_trait} {rest}"),
            ]
        }
        (of, None, rest) => vec![format!("{of} {rest}")],
    };
    for name in &mut names {
        *name = identifier(name);
        if !name.starts_with(&format!("{module}_")) {
            *name = format!("{module}_{name}");
        }
    }
    names.retain(|name| name.len() <= LONGEST);
    Seen::As(names)
}

/// The crate that a mangled function is defined in; none for what the compiler makes of other crates' traits.
///
/// It is the first in the grammar: an `impl` begins with where it stands, and generic functions with their paths.
fn defining_crate(symbol: &str) -> Option<&str> {
    let mut rest = symbol.strip_prefix("_R")?;
    loop {
        let tag = rest.chars().next()?;
        rest = &rest[tag.len_utf8()..];
        match tag {
            // A name inside of something, and of which kind it is.
            'N' => rest = rest.get(1..)?,
            // With generic arguments.
            'I' => {}
            // Of an impl, without a trait, and with one.
            'M' | 'X' => rest = behind_disambiguator(rest)?,
            'C' => {
                rest = behind_disambiguator(rest)?;
                let digits = rest.find(|c: char| !c.is_ascii_digit())?;
                let length: usize = rest[..digits].parse().ok()?;
                let name = &rest[digits..];
                return name.strip_prefix('_').unwrap_or(name).get(..length);
            }
            _ => return None,
        }
    }
}

fn behind_disambiguator(text: &str) -> Option<&str> {
    match text.strip_prefix('s') {
        Some(number) => number.split_once('_').map(|(_, rest)| rest),
        None => Some(text),
    }
}

/// `<type as trait>::rest` in its parts; all else is a type without a trait.
fn split(path: &str) -> (&str, Option<&str>, &str) {
    if !path.starts_with('<') {
        return (path, None, "");
    }
    let (mut depth, mut at_as) = (0, None);
    for (at, c) in path.char_indices() {
        match c {
            '<' => depth += 1,
            // Not of a function's type.
            '>' if !path[..at].ends_with('-') => depth -= 1,
            ' ' if depth == 1 && path[at..].starts_with(" as ") => at_as = Some(at),
            _ => {}
        }
        if depth == 0 {
            let rest = &path[at + 1..];
            return match at_as {
                Some(middle) => (&path[1..middle], Some(&path[middle + 4..at]), rest),
                None => (&path[1..at], None, rest),
            };
        }
    }
    (path, None, "")
}

/// The words of a path, joined.
fn identifier(path: &str) -> String {
    path.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(symbol: &str, module: &str) -> Vec<String> {
        match seen(symbol, module) {
            Seen::As(names) => names,
            other => panic!("{symbol}: {other:?}"),
        }
    }

    #[test]
    fn functions_are_called_by_their_paths() {
        let work = "_RNvCs4uCMKOWu4Xg_11ftrace_demo4work";
        assert_eq!(names(work, "ftrace_demo"), ["ftrace_demo_work"]);
        let init = "_RNvXCs4uCMKOWu4Xg_11ftrace_demoNtB2_10FtraceDemoNtNtCsb5MLIFMWygY_6kernel6module6Module4init";
        assert_eq!(
            names(init, "ftrace_demo"),
            [
                "ftrace_demo_FtraceDemo_init",
                "ftrace_demo_FtraceDemo_Module_init",
                "ftrace_demo_FtraceDemo_kernel_module_Module_init"
            ]
        );
        // Inside of `const _`, where a macro has put it.
        let drop = "_RNvXs3_NvCs8gGvwoC2X5P_14kprobe_examples_1__NtB7_13KprobeExampleNtNtNtCs2lKf6AS60Zg_4core3ops4drop4Drop4drop";
        assert_eq!(
            names(drop, "kprobe_example")[..2],
            [
                "kprobe_example_KprobeExample_drop",
                "kprobe_example_KprobeExample_Drop_drop"
            ]
        );
    }

    #[test]
    fn load_and_unload_are_called_as_in_c() {
        assert_eq!(names("init_module", "my_probe"), ["my_probe_init"]);
        assert_eq!(names("cleanup_module", "my_probe"), ["my_probe_exit"]);
        assert_eq!(
            seen("rprobes_api_target", "api"),
            Seen::AsItIs,
            "what has no mangled name keeps it"
        );
    }

    #[test]
    fn handlers_and_other_crates_are_not_seen() {
        for symbol in [
            "_RNvXs2_Cs8gGvwoC2X5P_14kprobe_exampleNtB5_7PrinterNtNtNtCsfIywyw3cgDH_7rprobes5probe6kprobe7Handler3pre",
            "_RINvNtNtCsfIywyw3cgDH_7rprobes5probe4node3armNtNtB4_6kprobe11InstructionECs8gGvwoC2X5P_14kprobe_example",
            "_RINvNtCs2lKf6AS60Zg_4core3ptr13drop_in_placeNtNtNtCsfIywyw3cgDH_7rprobes5probe6fprobe6FprobeECs8gGvwoC2X5P_14kprobe_example",
            "_RNvXs6_NtCsb5MLIFMWygY_6kernel3fmtINtB5_7AdapterRReENtNtCs2lKf6AS60Zg_4core3fmt7Display3fmtCs8gGvwoC2X5P_14kprobe_example",
        ] {
            assert_eq!(seen(symbol, "kprobe_example"), Seen::No, "{symbol}");
        }
    }

    #[test]
    fn paths_are_split_at_the_trait() {
        assert_eq!(
            split("<a::B<fn() -> <c as d>::E> as f::G<H>>::i"),
            ("a::B<fn() -> <c as d>::E>", Some("f::G<H>"), "::i")
        );
        assert_eq!(split("<a::B>::c"), ("a::B", None, "::c"));
        assert_eq!(split("a::b::{closure#0}"), ("a::b::{closure#0}", None, ""));
        assert_eq!(identifier("a::b::{closure#0}"), "a_b_closure_0");
    }
}
