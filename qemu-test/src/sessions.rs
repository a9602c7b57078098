// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Console sessions that documentation shows, as tests: each section of a page becomes a script for the guest, which does what
//! stands behind the prompts, and looks for the lines that are shown.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

/// What stands before a command.
const PROMPT: &str = "tracing# ";

/// Stands, in a comment of the page, before a command that fails where a kernel has not what the section needs.
const NEEDS: &str = "needs:";

#[derive(Debug, Default, PartialEq)]
struct Session {
    name: String,
    /// A command, and what the kernel has not if it fails.
    needs: Option<(String, String)>,
    steps: Vec<Step>,
}

#[derive(Debug, Default, PartialEq)]
struct Step {
    command: String,
    shown: String,
}

/// Writes the sessions of a page into a directory, as scripts for the guest.
pub fn write(page: &Path, directory: &Path) -> Result<()> {
    let text =
        fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
    for session in sessions(&text) {
        let path = directory.join(&session.name).with_extension("sh");
        fs::write(path, script(&session))?;
    }
    Ok(())
}

/// The sections of a page that have console sessions.
fn sessions(page: &str) -> Vec<Session> {
    let mut sessions = Vec::new();
    let mut session = Session::default();
    let (mut heading, mut console) = (false, false);
    for event in Parser::new(page) {
        match event {
            Event::Start(Tag::Heading { .. }) => {
                sessions.push(std::mem::take(&mut session));
                heading = true;
            }
            Event::End(TagEnd::Heading(_)) => heading = false,
            Event::Text(text) | Event::Code(text) if heading => session.name.push_str(&text),
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(language))) => {
                console = &*language == "console";
            }
            Event::End(TagEnd::CodeBlock) => console = false,
            Event::Text(text) if console => add_steps(&mut session.steps, &text),
            Event::Html(text) => {
                if let Some(needs) = needs(&text) {
                    session.needs = Some(needs);
                }
            }
            _ => {}
        }
    }
    sessions.push(session);
    sessions.retain(|session| !session.steps.is_empty());
    for session in &mut sessions {
        session.name = format!("session_{}", words(&session.name));
    }
    sessions
}

/// A heading as the name of a test.
fn words(heading: &str) -> String {
    let mut name = String::new();
    for c in heading.to_lowercase().chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('_') && !name.is_empty() && c != '\'' {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}

fn add_steps(steps: &mut Vec<Step>, text: &str) {
    for line in text.lines() {
        match (line.strip_prefix(PROMPT), steps.last_mut()) {
            (Some(command), _) => steps.push(Step {
                command: command.to_owned(),
                shown: String::new(),
            }),
            (None, Some(step)) => {
                step.shown.push_str(line);
                step.shown.push('\n');
            }
            (None, None) => {}
        }
    }
}

/// `<!-- needs: COMMAND; what the kernel has not -->`
fn needs(comment: &str) -> Option<(String, String)> {
    let (command, lack) = comment
        .trim()
        .strip_prefix("<!--")?
        .strip_suffix("-->")?
        .trim()
        .strip_prefix(NEEDS)?
        .rsplit_once(';')?;
    Some((command.trim().to_owned(), lack.trim().to_owned()))
}

/// Each step by the word `shows` of the guest, under either path that the trace directory has.
fn script(session: &Session) -> String {
    let mut script =
        "trap plain_tracing EXIT\nfor tracing in $tracings; do\n\tplain_tracing\n\tcd $tracing\n"
            .to_owned();
    if let Some((command, lack)) = &session.needs {
        script += &format!("{command} || skip {}\n", quoted(lack));
    }
    for Step { command, shown } in &session.steps {
        script += &format!(
            "shows {} <<'THESE LINES'\n{shown}THESE LINES\n",
            quoted(command)
        );
    }
    script + "done\n"
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_becomes_a_session() {
        let page = "# Page\n\ntext\n\n## The function's `tracer`\n\n<!-- needs: grep -q x y; the kernel has no x -->\n\n\
            ```console\ntracing# echo a > b\ntracing# cat 'b'\n# a\n\n```\n\n```sh\nother\n```\n";
        let step = |command: &str, shown: &str| Step {
            command: command.to_owned(),
            shown: shown.to_owned(),
        };
        let wanted = Session {
            name: "session_the_functions_tracer".to_owned(),
            needs: Some(("grep -q x y".to_owned(), "the kernel has no x".to_owned())),
            steps: vec![step("echo a > b", ""), step("cat 'b'", "# a\n\n")],
        };
        assert_eq!(sessions(page), [wanted]);
    }

    #[test]
    fn a_quote_in_a_command_is_kept() {
        assert_eq!(quoted("cat 'b'"), r"'cat '\''b'\'''");
    }
}
