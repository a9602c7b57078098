// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! A filter as the user writes it.

use kernel::{
    fmt::{self, Display},
    prelude::*,
    str::BStr,
};

use crate::{bindings, machine};

pub(super) const COMM_LEN: usize = bindings::TASK_COMM_LEN as usize;

/// What a hit must be like.
#[derive(Clone, Copy)]
pub(super) struct Tests {
    pub(super) pid: Option<u32>,
    pub(super) tgid: Option<u32>,
    pub(super) comm: Option<[u8; COMM_LEN]>,
    pub(super) uid: Option<u32>,
    pub(super) cpu: Option<u32>,
    pub(super) every: Option<u32>,
}

/// What is wrong with a word.
enum Wrong {
    Unknown,
    Twice,
    NoName,
    NoNumber(u32, u32),
}

impl Tests {
    pub(super) const NONE: Self = Self {
        pid: None,
        tgid: None,
        comm: None,
        uid: None,
        cpu: None,
        every: None,
    };

    pub(super) fn is_empty(&self) -> bool {
        self.numbers().iter().all(|(_, number)| number.is_none()) && self.comm.is_none()
    }

    fn numbers(&self) -> [(&'static str, Option<u32>); 5] {
        [
            ("pid", self.pid),
            ("tgid", self.tgid),
            ("uid", self.uid),
            ("cpu", self.cpu),
            ("every", self.every),
        ]
    }

    /// # Errors
    ///
    /// [`EINVAL`]; the kernel log names the word, and what is wrong with it.
    pub(super) fn parse(text: &[u8]) -> Result<Self> {
        let mut tests = Self::NONE;
        let words = text.split(|c| c.is_ascii_whitespace() || *c == b',');
        for word in words.filter(|word| !word.is_empty()) {
            tests.add(word).map_err(|wrong| {
                let word = BStr::from_bytes(word);
                match wrong {
                    Wrong::Unknown => log!(
                        ERR,
                        "filter: \"{}\" is none of pid=, tgid=, comm=, uid=, cpu= and every=; nothing was changed\n",
                        word
                    ),
                    Wrong::Twice => log!(
                        ERR,
                        "filter: \"{}\" is the second of its kind, and there may be one; nothing was changed\n",
                        word
                    ),
                    Wrong::NoName => log!(
                        ERR,
                        "filter: \"{}\" has no name behind the equals sign; nothing was changed\n",
                        word
                    ),
                    Wrong::NoNumber(least, most) => log!(
                        ERR,
                        "filter: \"{}\" has no number from {} to {} behind the equals sign; nothing was changed\n",
                        word,
                        least,
                        most
                    ),
                }
                EINVAL
            })?;
        }
        Ok(tests)
    }

    fn add(&mut self, word: &[u8]) -> Result<(), Wrong> {
        let equals = word.iter().position(|c| *c == b'=').ok_or(Wrong::Unknown)?;
        let (kind, value) = (&word[..equals], &word[equals + 1..]);
        let (to, least, most) = match kind {
            b"pid" => (&mut self.pid, 0, i32::MAX as u32),
            b"tgid" => (&mut self.tgid, 0, i32::MAX as u32),
            b"uid" => (&mut self.uid, 0, u32::MAX),
            b"cpu" => (&mut self.cpu, 0, machine::cpus() - 1),
            b"every" => (&mut self.every, 1, u32::MAX),
            b"comm" if self.comm.is_some() => return Err(Wrong::Twice),
            b"comm" if value.is_empty() => return Err(Wrong::NoName),
            b"comm" => {
                let mut name = [0; COMM_LEN];
                // The kernel keeps a NUL behind it.
                let len = value.len().min(COMM_LEN - 1);
                name[..len].copy_from_slice(&value[..len]);
                self.comm = Some(name);
                return Ok(());
            }
            _ => return Err(Wrong::Unknown),
        };
        if to.is_some() {
            return Err(Wrong::Twice);
        }
        let number = core::str::from_utf8(value)
            .ok()
            .and_then(|digits| digits.parse().ok())
            .filter(|number| (least..=most).contains(number));
        *to = Some(number.ok_or(Wrong::NoNumber(least, most))?);
        Ok(())
    }
}

/// As the user may write it.
impl Display for Tests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for (kind, number) in self.numbers() {
            if let Some(number) = number {
                write!(f, "{between}{kind}={number}")?;
                between = " ";
            }
        }
        if let Some(name) = self.comm {
            write!(f, "{between}comm=")?;
            Display::fmt(&machine::Comm(name), f)?;
        }
        Ok(())
    }
}
