// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Results: a line each on the terminal, and as KTAP and JUnit files.

use std::{fs, path::Path};

use anyhow::Result;
use quick_xml::{
    events::{BytesDecl, BytesText, Event},
    Writer,
};

use crate::ktap::{self, Test, Verdict};

#[derive(Default)]
pub struct Report {
    pub tests: Vec<Test>,
    quiet: bool,
}

impl Report {
    /// One that prints nothing.
    pub fn quiet() -> Self {
        Self {
            quiet: true,
            ..Self::default()
        }
    }

    /// Takes a result, and prints it.
    pub fn add(&mut self, test: Test) {
        if self.quiet {
            self.tests.push(test);
            return;
        }
        match &test.verdict {
            Verdict::Passed => println!("ok    {} ({:.1} s)", test.name, test.seconds),
            Verdict::Skipped(why) => println!("skip  {}: {why}", test.name),
            Verdict::Failed(failure) => {
                println!("FAIL  {} ({:.1} s)", test.name, test.seconds);
                for line in failure.lines() {
                    println!("      {line}");
                }
            }
        }
        self.tests.push(test);
    }

    /// Marks a test that passed so far as failed, or adds one that never was.
    pub fn fail(&mut self, name: &str, failure: &str) {
        match self.tests.iter_mut().find(|test| test.name == name) {
            Some(Test {
                verdict: Verdict::Failed(known),
                ..
            }) => {
                known.push('\n');
                known.push_str(failure);
            }
            Some(test) => test.verdict = Verdict::Failed(failure.to_owned()),
            None => {
                return self.add(Test {
                    name: name.to_owned(),
                    verdict: Verdict::Failed(failure.to_owned()),
                    seconds: 0.0,
                })
            }
        }
        println!("FAIL  {name}");
        for line in failure.lines() {
            println!("      {line}");
        }
    }

    pub fn passed(&self) -> usize {
        self.count(|verdict| *verdict == Verdict::Passed)
    }

    pub fn skipped(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Skipped(_)))
    }

    pub fn failed(&self) -> usize {
        self.count(|verdict| matches!(verdict, Verdict::Failed(_)))
    }

    fn count(&self, is: impl Fn(&Verdict) -> bool) -> usize {
        self.tests.iter().filter(|test| is(&test.verdict)).count()
    }

    /// Writes `ktap.txt` and `junit.xml`.
    pub fn write(&self, directory: &Path) -> Result<()> {
        fs::create_dir_all(directory)?;
        fs::write(directory.join("ktap.txt"), ktap::write(&self.tests))?;
        fs::write(directory.join("junit.xml"), self.junit()?)?;
        Ok(())
    }

    fn junit(&self) -> Result<Vec<u8>> {
        let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
        writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let count = self.tests.len().to_string();
        let (failed, skipped) = (self.failed().to_string(), self.skipped().to_string());
        writer
            .create_element("testsuite")
            .with_attributes([
                ("name", "rprobes"),
                ("tests", &count),
                ("failures", &failed),
                ("skipped", &skipped),
            ])
            .write_inner_content(|writer| {
                for test in &self.tests {
                    let seconds = format!("{:.3}", test.seconds);
                    let element = writer
                        .create_element("testcase")
                        .with_attributes([("name", test.name.as_str()), ("time", &seconds)]);
                    match &test.verdict {
                        Verdict::Passed => element.write_empty()?,
                        Verdict::Skipped(why) => element.write_inner_content(|writer| {
                            let skipped = writer.create_element("skipped");
                            skipped
                                .with_attribute(("message", why.as_str()))
                                .write_empty()?;
                            Ok(())
                        })?,
                        Verdict::Failed(failure) => element.write_inner_content(|writer| {
                            // Control characters of a kernel log have no place in XML.
                            let text: String = failure
                                .chars()
                                .filter(|c| !c.is_control() || *c == '\n')
                                .collect();
                            writer
                                .create_element("failure")
                                .write_text_content(BytesText::new(&text))?;
                            Ok(())
                        })?,
                    };
                }
                Ok(())
            })?;
        Ok(writer.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn junit_has_every_test_and_escapes_what_failed() {
        let mut report = Report::default();
        report.add(Test {
            name: "a".into(),
            verdict: Verdict::Passed,
            seconds: 0.5,
        });
        report.add(Test {
            name: "b".into(),
            verdict: Verdict::Failed("1 < 2\u{1b}".into()),
            seconds: 1.0,
        });
        let xml = String::from_utf8(report.junit().unwrap()).unwrap();
        assert!(xml.contains(r#"tests="2" failures="1""#), "{xml}");
        assert!(
            xml.contains(r#"<testcase name="a" time="0.500"/>"#),
            "{xml}"
        );
        assert!(xml.contains("<failure>1 &lt; 2</failure>"), "{xml}");
    }

    #[test]
    fn a_late_failure_counts() {
        let mut report = Report::default();
        report.add(Test {
            name: "a".into(),
            verdict: Verdict::Passed,
            seconds: 0.5,
        });
        report.fail("a", "the kernel complained");
        report.fail("b", "never ran");
        assert_eq!((report.tests.len(), report.failed()), (2, 2));
    }
}
