// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Running one guest, in bounded time, and knowing how it ended.

use std::{
    fmt, fs,
    io::{BufRead, BufReader, Read},
    os::unix::net::UnixListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{channel, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use crate::{
    console::{Console, Splat},
    initramfs::Initramfs,
    kernel::{cache, Kernel},
};

/// The guest's last line.
pub const DONE: &str = "# rprobes: done";

/// How long a guest may take.
#[derive(Clone, Copy)]
pub struct Limits {
    /// All in all.
    pub whole: Duration,
    /// Without a line on the console or the port.
    pub silence: Duration,
}

/// How a guest ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// It said that it is done.
    Done,
    Panicked(String),
    Silent(Duration),
    TooLong(Duration),
    /// QEMU ended, and the guest had not said that it is done.
    Stopped(String),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Done => write!(f, "the guest came to its end"),
            End::Panicked(reason) => write!(f, "the guest panicked: {reason}"),
            End::Silent(time) => {
                write!(
                    f,
                    "the guest hangs: no output for {} s, so it was stopped",
                    time.as_secs()
                )
            }
            End::TooLong(time) => {
                write!(
                    f,
                    "the guest took longer than {} s, so it was stopped",
                    time.as_secs()
                )
            }
            End::Stopped(why) => write!(f, "the guest stopped without a final result{why}"),
        }
    }
}

pub struct Outcome {
    pub end: End,
    pub splats: Vec<Splat>,
    pub console: String,
}

pub struct Vm<'a> {
    kernel: &'a Kernel,
    initramfs: &'a Initramfs,
    run: &'a str,
    /// Which of how many parts of the tests.
    part: (usize, usize),
    limits: Limits,
    /// How many processors, if instructions are counted.
    icount: Option<&'a str>,
}

impl<'a> Vm<'a> {
    /// A guest that does `run`, see `guest/init`.
    pub fn new(kernel: &'a Kernel, initramfs: &'a Initramfs, run: &'a str, limits: Limits) -> Self {
        Self {
            kernel,
            initramfs,
            run,
            part: (0, 1),
            limits,
            icount: None,
        }
    }

    /// Only so many of the tests: part `part.0` of `part.1`.
    pub fn of_tests(mut self, part: (usize, usize)) -> Self {
        self.part = part;
        self
    }

    /// A clock that goes on by a nanosecond for each instruction.
    pub fn counting_instructions(mut self, processors: &'a str) -> Self {
        self.icount = Some(processors);
        self
    }

    /// Boots it, and calls `observe` with each line that it writes to the port.
    pub fn run(&self, observe: impl FnMut(&str)) -> Result<Outcome> {
        let accelerator = if self.icount.is_some() {
            "tcg"
        } else if kvm_works(self.kernel, self.initramfs)? {
            "kvm"
        } else {
            "tcg"
        };
        self.run_with(accelerator, observe)
    }

    fn run_with(&self, accelerator: &str, mut observe: impl FnMut(&str)) -> Result<Outcome> {
        let directory = tempfile::tempdir()?;
        let socket = directory.path().join("port");
        let listener = UnixListener::bind(&socket)?;
        let mut command = qemu(
            self.kernel,
            self.initramfs,
            &format!("{} rprobes.part={}/{}", self.run, self.part.0, self.part.1),
            accelerator,
            self.icount,
        );
        command
            .args([
                "-device",
                "virtio-serial",
                "-device",
                "virtserialport,chardev=port,name=rprobes",
            ])
            .arg("-chardev")
            .arg(format!("socket,id=port,path={}", socket.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut guest = Guest(command.spawn().context("cannot start QEMU")?);

        let (sender, lines) = channel();
        forward(
            guest.0.stdout.take().context("no standard output")?,
            false,
            sender.clone(),
        );
        let errors = collect(guest.0.stderr.take().context("no standard error")?);
        // QEMU connects before it starts the guest, or ends at once.
        listener.set_nonblocking(true)?;
        let connected = Instant::now();
        loop {
            if let Ok((port, _)) = listener.accept() {
                port.set_nonblocking(false)?;
                forward(port, true, sender);
                break;
            }
            if guest.0.try_wait()?.is_some() || connected.elapsed() > Duration::from_secs(20) {
                break;
            }
            thread::park_timeout(Duration::from_millis(5));
        }

        let mut console = Console::default();
        let mut text = String::new();
        let mut done = false;
        let start = Instant::now();
        let end = loop {
            let left = self.limits.whole.saturating_sub(start.elapsed());
            match lines.recv_timeout(self.limits.silence.min(left)) {
                Ok((true, line)) => {
                    done |= line == DONE;
                    observe(&line);
                }
                Ok((false, line)) => {
                    text.push_str(&line);
                    text.push('\n');
                    console.line(&line);
                }
                // Both ends are closed: QEMU is gone.
                Err(RecvTimeoutError::Disconnected) => {
                    break match console.panic.take() {
                        Some(reason) => End::Panicked(reason),
                        None if done => End::Done,
                        None => {
                            let errors = errors.join().unwrap_or_default();
                            let last = errors.lines().last().map(|line| format!(" (QEMU: {line})"));
                            End::Stopped(last.unwrap_or_default())
                        }
                    };
                }
                Err(RecvTimeoutError::Timeout) if start.elapsed() >= self.limits.whole => {
                    break End::TooLong(self.limits.whole)
                }
                Err(RecvTimeoutError::Timeout) => break End::Silent(self.limits.silence),
            }
        };
        Ok(Outcome {
            end,
            splats: console.splats,
            console: text,
        })
    }
}

/// QEMU, which never outlives this.
struct Guest(Child);

impl Drop for Guest {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn forward(from: impl Read + Send + 'static, is_port: bool, to: Sender<(bool, String)>) {
    thread::spawn(move || {
        let mut from = BufReader::new(from);
        let mut line = Vec::new();
        while matches!(from.read_until(b'\n', &mut line), Ok(n) if n > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if to.send((is_port, text)).is_err() {
                break;
            }
            line.clear();
        }
    });
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut text = Vec::new();
        let _ = from.read_to_end(&mut text);
        String::from_utf8_lossy(&text).into_owned()
    })
}

fn qemu(
    kernel: &Kernel,
    initramfs: &Initramfs,
    run: &str,
    accelerator: &str,
    icount: Option<&str>,
) -> Command {
    let mut command = Command::new(kernel.arch.qemu());
    // With a thread for each processor, QEMU may run a breakpoint that another processor has just removed from the
    // code; the kernel, which patches its code all the time, then dies of an unknown breakpoint, once in some
    // dozens of boots.
    let accelerator = match accelerator {
        "tcg" => "tcg,thread=single",
        other => other,
    };
    if icount.is_some() {
        command.args(["-icount", "shift=0,sleep=off"]);
    }
    let [machine, cpu] = kernel.arch.machine(kernel.checks_sleep);
    command
        .args([
            "-accel",
            accelerator,
            "-machine",
            machine,
            "-cpu",
            cpu,
            "-smp",
            icount.unwrap_or("4"),
            "-m",
            "1G",
        ])
        .args(["-nographic", "-no-reboot", "-nic", "none", "-vga", "none"])
        .arg("-kernel")
        .arg(&kernel.image)
        .arg("-initrd")
        .arg(initramfs.path())
        .arg("-append")
        .arg(format!(
            "console={} panic=-1 oops=panic log_buf_len=8M rprobes.limit={} rprobes.entry={} rprobes.run={run}",
            kernel.arch.console(),
            kernel.test_limit.as_secs(),
            kernel.entry
        ));
    command
}

/// Boots with a shell on this terminal.
pub fn shell(kernel: &Kernel, initramfs: &Initramfs) -> Result<bool> {
    let accelerator = if kvm_works(kernel, initramfs)? {
        "kvm"
    } else {
        "tcg"
    };
    let mut command = qemu(kernel, initramfs, "shell", accelerator, None);
    let status = command.status().context("cannot start QEMU")?;
    Ok(status.success())
}

/// Whether a kernel boots under KVM. On some machines `/dev/kvm` opens and then the guest hangs or QEMU aborts, so
/// this is tried once and written down.
fn kvm_works(kernel: &Kernel, initramfs: &Initramfs) -> Result<bool> {
    if !kernel.arch.is_native() {
        return Ok(false);
    }
    let usable = fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/kvm")
        .is_ok();
    if !usable {
        return Ok(false);
    }
    let host = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let known: PathBuf = cache()?.join("kvm");
    match fs::read_to_string(&known) {
        Ok(text) if text == format!("yes {host}") => return Ok(true),
        Ok(text) if text == format!("no {host}") => return Ok(false),
        _ => {}
    }
    eprintln!("  trying whether KVM works (10 s at most) ...");
    let limits = Limits {
        whole: Duration::from_secs(10),
        silence: Duration::from_secs(5),
    };
    let outcome = Vm::new(kernel, initramfs, "off", limits).run_with("kvm", |_| {})?;
    let works = outcome.end == End::Done;
    eprintln!(
        "  KVM {}",
        if works {
            "works"
        } else {
            "does not work; QEMU emulates the processor"
        }
    );
    fs::write(
        &known,
        format!("{} {host}", if works { "yes" } else { "no" }),
    )?;
    Ok(works)
}
