// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Reading the kernel log on the serial console: what test was running, and did the kernel complain?

use std::sync::LazyLock;

use regex::Regex;

/// What a kernel prints when something is wrong with it. Any of these fails the run.
static SPLAT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\bBUG: |\bWARNING: |\bOops\b|\bKASAN\b|\bUBSAN\b|INFO: task .* blocked|suspicious RCU usage|scheduling while atomic|general protection fault|Kernel panic|rcu.* stall|soft lockup|hard LOCKUP|unable to handle|refcount_t: |list_(add|del) corruption|bad: scheduling from|possible .*deadlock|inconsistent lock state|ODEBUG: ",
    )
    .expect("a fixed expression")
});

static TIMESTAMP: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ").expect("a fixed expression")
});

/// How much of a complaint is quoted.
const QUOTED_LINES: usize = 30;

/// A complaint of the kernel.
#[derive(Clone)]
pub struct Splat {
    /// The test that was running, if one was.
    pub test: Option<String>,
    /// The line that gave it away, and those after it.
    pub lines: Vec<String>,
}

/// Follows the console line by line.
#[derive(Default)]
pub struct Console {
    pub splats: Vec<Splat>,
    /// The line that says why the kernel panicked.
    pub panic: Option<String>,
    test: Option<String>,
    /// How many more lines belong to the latest complaint.
    quoting: usize,
}

impl Console {
    pub fn line(&mut self, line: &str) {
        let text = TIMESTAMP.replace(line.trim_end(), "").into_owned();
        if let Some(test) = text.strip_prefix("rprobes-test: begin ") {
            self.test = Some(test.to_owned());
            self.quoting = 0;
            return;
        }
        if text.starts_with("Kernel panic") && self.panic.is_none() {
            self.panic = Some(text.clone());
        }
        if self.quoting > 0 {
            self.quoting -= 1;
            if let Some(splat) = self.splats.last_mut() {
                splat.lines.push(text.clone());
            }
            if text.starts_with("---[ end") {
                self.quoting = 0;
            }
        } else if SPLAT.is_match(&text) {
            self.splats.push(Splat {
                test: self.test.clone(),
                lines: vec![text],
            });
            self.quoting = QUOTED_LINES - 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(text: &str) -> Console {
        let mut console = Console::default();
        text.lines().for_each(|line| console.line(line));
        console
    }

    #[test]
    fn a_clean_log_has_no_splat() {
        let console = console(
            "[    1.0] Linux version 7.3.4\n[    2.0] rprobes-test: begin a\n\
             [    3.0] x: loading out-of-tree module taints kernel.\n[    3.1] debugfs: mounted\n\
             [    3.2] clocksource: Watchdog remote CPU 1 read timed out\n",
        );
        assert!(console.splats.is_empty());
        assert!(console.panic.is_none());
    }

    #[test]
    fn each_kind_of_splat_is_seen() {
        for line in [
            "BUG: sleeping function called from invalid context at kernel/locking/mutex.c:283",
            "BUG: scheduling while atomic: insmod/123/0x00000002",
            "WARNING: CPU: 0 PID: 70 at kernel/kprobes.c:1700 register_kprobe+0x10/0x20",
            "WARNING: suspicious RCU usage",
            "Oops: Oops: 0002 [#1] SMP NOPTI",
            "BUG: KASAN: slab-use-after-free in pre+0x10/0x20 [x]",
            "UBSAN: array-index-out-of-bounds in kernel/x.c:1:2",
            "INFO: task insmod:70 blocked for more than 120 seconds.",
            "watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [insmod:70]",
            "rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
        ] {
            let console = console(&format!("[   10.000000] {line}\n"));
            assert_eq!(console.splats.len(), 1, "{line}");
            assert_eq!(console.splats[0].lines[0], line);
        }
    }

    #[test]
    fn a_splat_belongs_to_the_test_that_ran_and_is_quoted_to_its_end() {
        let console = console(
            "[    2.0] rprobes-test: begin first\n[    3.0] rprobes-test: begin second\n\
             [    4.0] WARNING: CPU: 0 PID: 1 at x.c:1\n[    4.1] Call Trace:\n\
             [    4.2] ---[ end trace 0000000000000000 ]---\n[    5.0] afterwards\n",
        );
        assert_eq!(console.splats.len(), 1);
        assert_eq!(console.splats[0].test.as_deref(), Some("second"));
        assert_eq!(console.splats[0].lines.len(), 3);
    }

    #[test]
    fn a_panic_gives_its_reason() {
        let console = console("[    4.0][    T1] Kernel panic - not syncing: Fatal exception\n");
        assert_eq!(
            console.panic.as_deref(),
            Some("Kernel panic - not syncing: Fatal exception")
        );
    }
}
