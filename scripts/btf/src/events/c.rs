// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! The C of the events of a module: a header in the way of `samples/trace_events` of the kernel, and the file that has the
//! events made.

use std::{fmt::Write, path::Path};

use super::{
    field::{Field, Kind},
    Event,
};

/// The header. It is included again and again by those of the kernel.
pub fn header(events: &[Event], module: &str, header: &Path) -> String {
    let file = stem(header);
    let mut text = format!(
        "/* SPDX-License-Identifier: GPL-2.0 */\n\
         /* Made by rprobes of the events that {module} declares. */\n\
         #undef TRACE_SYSTEM\n#define TRACE_SYSTEM {module}\n\
         #undef TRACE_SYSTEM_VAR\n#define TRACE_SYSTEM_VAR rprobes_events\n\n\
         #if !defined(_RPROBES_EVENTS_GENERATED_H) || defined(TRACE_HEADER_MULTI_READ)\n\
         #define _RPROBES_EVENTS_GENERATED_H\n\n\
         #include <linux/tracepoint.h>\n\n\
         #include <rprobes/event.h>\n\n\
         #ifndef TRACE_HEADER_MULTI_READ\n"
    );
    for event in events {
        text += &parameter(event);
    }
    text += "#endif\n\n";
    for event in events {
        text += &trace_event(event);
    }
    let _ = write!(
        text,
        "#endif\n\n\
         #undef TRACE_INCLUDE_PATH\n#define TRACE_INCLUDE_PATH .\n\
         #undef TRACE_INCLUDE_FILE\n#define TRACE_INCLUDE_FILE {file}\n\
         #include <trace/define_trace.h>\n"
    );
    text
}

/// The C file.
pub fn source(events: &[Event], header: &Path) -> String {
    let mut text = "// SPDX-License-Identifier: GPL-2.0\n\
         #include <linux/trace_events.h>\n\n\
         #ifndef CONFIG_EVENT_TRACING\n\
         #error \"event! needs a kernel with CONFIG_EVENT_TRACING=y, such as one with CONFIG_FTRACE=y and a tracer\"\n\
         #endif\n\n\
         #include <rprobes/event.h>\n\n"
    .to_owned();
    for event in events {
        let _ = writeln!(
            text,
            "RPROBES_EVENT_NAME({}, {:?});",
            event.name, event.place
        );
        for field in &event.fields {
            let _ = writeln!(
                text,
                "RPROBES_EVENT_NAME({}, {:?});",
                field.name, field.place
            );
        }
    }
    let _ = write!(
        text,
        "\n#define CREATE_TRACE_POINTS\n#include \"{}.h\"\n\n",
        stem(header)
    );
    for event in events {
        let types: Vec<_> = event.fields.iter().map(|field| &*field.symbol).collect();
        let _ = writeln!(
            text,
            "RPROBES_EVENT({}, \"{1}\", \"rprobes_event.{1}.{2}\");",
            event.name,
            event.rust_name,
            types.join(".")
        );
    }
    text
}

fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The struct that Rust passes.
fn parameter(event: &Event) -> String {
    let mut text = format!("struct rprobes_event_{} {{\n", event.name);
    for field in &event.fields {
        let name = &field.name;
        let _ = match &field.kind {
            Kind::Number(number) => writeln!(text, "\t{} {name};", number.c),
            Kind::Numbers(number, n) => writeln!(text, "\t{} {name}[{n}];", number.c),
            Kind::Text(n) => writeln!(text, "\tchar {name}[{n}];"),
            Kind::AnyText => writeln!(text, "\tstruct rprobes_text {name};"),
            Kind::Symbol => writeln!(text, "\tvoid *{name};"),
        };
    }
    text + "};\n\n"
}

fn trace_event(event: &Event) -> String {
    let (mut entry, mut assign) = (String::new(), String::new());
    for field in &event.fields {
        let name = &field.name;
        let _ = match &field.kind {
            Kind::Number(number) => writeln!(entry, "\t\t__field({}, {name})", number.c),
            Kind::Numbers(number, n) => writeln!(entry, "\t\t__array({}, {name}, {n})", number.c),
            Kind::Text(n) => writeln!(entry, "\t\t__array(char, {name}, {n})"),
            Kind::AnyText => writeln!(
                entry,
                "\t\t__dynamic_array(char, {name}, from->{name}.len + 1)"
            ),
            Kind::Symbol => writeln!(entry, "\t\t__field(void *, {name})"),
        };
        let _ = match &field.kind {
            Kind::Number(_) | Kind::Symbol => {
                writeln!(assign, "\t\t__entry->{name} = from->{name};")
            }
            Kind::Numbers(..) | Kind::Text(_) => writeln!(
                assign,
                "\t\tmemcpy(__entry->{name}, from->{name}, sizeof(__entry->{name}));"
            ),
            Kind::AnyText => writeln!(
                assign,
                "\t\tmemcpy(__get_dynamic_array({name}), from->{name}.text, from->{name}.len);\n\
                 \t\t((char *)__get_dynamic_array({name}))[from->{name}.len] = 0;"
            ),
        };
    }
    let formats: Vec<_> = event.fields.iter().map(format).collect();
    let arguments: Vec<_> = event.fields.iter().map(argument).collect();
    format!(
        "/* {place} */\n\
         TRACE_EVENT({name},\n\
         \tTP_PROTO(const struct rprobes_event_{name} *from),\n\
         \tTP_ARGS(from),\n\
         \tTP_STRUCT__entry(\n{entry}\t),\n\
         \tTP_fast_assign(\n{assign}\t),\n\
         \tTP_printk(\"{formats}\",\n\t\t{arguments})\n);\n\n",
        place = event.place,
        name = event.name,
        formats = formats.join(" "),
        arguments = arguments.join(",\n\t\t"),
    )
}

/// How a field is printed.
fn format(field: &Field) -> String {
    let how = match &field.kind {
        Kind::Number(number) if field.hex => number.hex,
        Kind::Number(number) => number.decimal,
        Kind::Text(n) => return format!("{}=%.{n}s", field.name),
        Kind::Numbers(..) | Kind::AnyText => "%s",
        Kind::Symbol => "%pS",
    };
    format!("{}={how}", field.name)
}

/// What is printed of it.
fn argument(field: &Field) -> String {
    let name = &field.name;
    match &field.kind {
        Kind::Number(_) | Kind::Text(_) | Kind::Symbol => format!("__entry->{name}"),
        Kind::Numbers(number, n) if number.c == "u8" => {
            format!("__print_hex(__entry->{name}, {n})")
        }
        Kind::Numbers(number, n) => format!("__print_array(__entry->{name}, {n}, {})", number.size),
        Kind::AnyText => format!("__get_str({name})"),
    }
}
