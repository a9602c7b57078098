// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! What an event takes from a hit.

use core::ffi::CStr;

use kernel::fmt::{self, Display};

/// What a field of an event is taken from, and how it is printed: a fetch argument of tracefs.
///
/// Without a type it is printed as a hexadecimal number, as wide as a register.
///
/// documentation: [`Documentation/trace/kprobetrace.rst`](srctree/Documentation/trace/kprobetrace.rst)
///
/// # Examples
///
/// ```
/// use rprobes::kprobe_event::Fetch;
///
/// // $arg1:s32, +0($arg2):ustring, +16(+8($arg1)):u64
/// let dfd = Fetch::arg(0).s32();
/// let filename = Fetch::arg(1).user_string();
/// let size = Fetch::arg(0).deref(8).deref(16).u64();
/// ```
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    from: From<'a>,
    steps: [Step; STEPS],
    len: usize,
    kind: &'static str,
}

/// How many pointers can be followed.
const STEPS: usize = 8;

#[derive(Clone, Copy)]
enum From<'a> {
    Argument(u32),
    ReturnValue,
    Comm,
    Stack(u32),
    Register(&'a CStr),
    Variable(&'a CStr),
}

#[derive(Clone, Copy)]
struct Step {
    offset: isize,
    user: bool,
}

macro_rules! types {
    ($($name:ident $text:literal)*) => {$(
        #[doc = concat!("As `", stringify!($name), "`: `u` without a sign, `s` with one, `x` in hexadecimal.")]
        #[must_use]
        pub const fn $name(mut self) -> Self {
            self.kind = $text;
            self
        }
    )*};
}

impl<'a> Fetch<'a> {
    const fn from(from: From<'a>) -> Self {
        Self {
            from,
            steps: [Step {
                offset: 0,
                user: false,
            }; STEPS],
            len: 0,
            kind: "",
        }
    }

    /// An argument of the function, counted from 0; for an event at its entry. `$arg1` is `arg(0)`.
    pub const fn arg(n: u32) -> Self {
        Self::from(From::Argument(n))
    }

    /// What the function returns; for an event at its return. `$retval`.
    pub const fn return_value() -> Self {
        Self::from(From::ReturnValue)
    }

    /// The name of the task. `$comm`.
    pub const fn comm() -> Self {
        Self::from(From::Comm)
    }

    /// A word on the stack, counted from its top. `$stack0`.
    pub const fn stack(n: u32) -> Self {
        Self::from(From::Stack(n))
    }

    /// A register, by its name on this architecture: `c"di"`, `c"x0"`. `%di`.
    pub const fn register(name: &'a CStr) -> Self {
        Self::from(From::Register(name))
    }

    /// A variable of the kernel, by its name: `c"jiffies"`. `@jiffies`.
    pub const fn variable(name: &'a CStr) -> Self {
        Self::from(From::Variable(name))
    }

    /// What this points to, `offset` bytes further on. `+8($arg1)`. Up to 8 pointers can be followed.
    #[must_use]
    pub const fn deref(self, offset: isize) -> Self {
        self.step(Step {
            offset,
            user: false,
        })
    }

    /// As [`deref`](Self::deref), of a pointer to user memory. `+u8($arg1)`.
    #[must_use]
    pub const fn deref_user(self, offset: isize) -> Self {
        self.step(Step { offset, user: true })
    }

    const fn step(mut self, step: Step) -> Self {
        if self.len < STEPS {
            self.steps[self.len] = step;
        }
        self.len += 1;
        self
    }

    /// The text that this points to. `+0($arg1):string`.
    #[must_use]
    pub const fn string(self) -> Self {
        self.string_at(0)
    }

    /// The text in the memory that this points to, `offset` bytes further on. `+8($arg1):string`.
    #[must_use]
    pub const fn string_at(self, offset: isize) -> Self {
        let mut this = self.deref(offset);
        this.kind = ":string";
        this
    }

    /// The text in user memory that this points to. `+0($arg2):ustring`.
    #[must_use]
    pub const fn user_string(self) -> Self {
        let mut this = self.deref(0);
        this.kind = ":ustring";
        this
    }

    /// An address, as the symbol that it belongs to. `$arg1:symbol`.
    #[must_use]
    pub const fn symbol(mut self) -> Self {
        self.kind = ":symbol";
        self
    }

    types! {
        u8 ":u8" u16 ":u16" u32 ":u32" u64 ":u64"
        s8 ":s8" s16 ":s16" s32 ":s32" s64 ":s64"
        x8 ":x8" x16 ":x16" x32 ":x32" x64 ":x64"
    }

    /// Whether more pointers are to be followed than there is room for.
    pub(super) fn is_too_deep(&self) -> bool {
        self.len > STEPS
    }

    /// The name that is in it.
    pub(super) fn name(&self) -> Option<&'a CStr> {
        match self.from {
            From::Register(name) | From::Variable(name) => Some(name),
            _ => None,
        }
    }
}

impl Display for Fetch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn text(name: &CStr) -> &str {
            name.to_str().unwrap_or("?")
        }
        let steps = &self.steps[..self.len.min(STEPS)];
        for step in steps.iter().rev() {
            let sign = if step.offset < 0 { '-' } else { '+' };
            let user = if step.user { "u" } else { "" };
            write!(f, "{sign}{user}{}(", step.offset.unsigned_abs())?;
        }
        match self.from {
            From::Argument(n) => write!(f, "$arg{}", u64::from(n) + 1)?,
            From::ReturnValue => f.write_str("$retval")?,
            From::Comm => f.write_str("$comm")?,
            From::Stack(n) => write!(f, "$stack{n}")?,
            From::Register(name) => write!(f, "%{}", text(name))?,
            From::Variable(name) => write!(f, "@{}", text(name))?,
        }
        for _ in steps {
            f.write_str(")")?;
        }
        f.write_str(self.kind)
    }
}
