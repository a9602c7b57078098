// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Arrays of pointers in user space that end with a null pointer, such as the arguments of a program.

use kernel::prelude::*;

use super::context::Context;
use crate::{
    machine::CommandLine,
    types::{UserAddress, UserPtr},
};

impl<Phase, F> Context<'_, Phase, F> {
    /// The pointers in an array in the memory of the current task, such as `argv` and `envp` of `execve`: up to the null
    /// pointer that ends it, and at most `max`. They have 32 bits if the caller is
    /// [compat](crate::Syscall::is_compat).
    ///
    /// A pointer that cannot be read is [`EFAULT`], and the last item.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::prelude::*;
    /// use rprobes::kprobe::{self, PreContext};
    ///
    /// /// For `execve`.
    /// struct Programs;
    ///
    /// #[vtable]
    /// impl kprobe::Handler for Programs {
    ///     fn pre(&self, cx: &PreContext<'_>) {
    ///         let mut buffer = [0; 64];
    ///         for argument in cx.user_pointers(cx.syscall().arg(1), 20) {
    ///             let Ok(text) = argument.and_then(|at| cx.read_user_str(at, &mut buffer)) else {
    ///                 pr_info!("cannot be read\n");
    ///                 continue;
    ///             };
    ///             pr_info!("{:?}\n", core::str::from_utf8(text));
    ///         }
    ///     }
    /// }
    /// ```
    #[doc(alias = "argv")]
    pub fn user_pointers(
        &self,
        address: impl UserAddress,
        max: usize,
    ) -> impl Iterator<Item = Result<UserPtr<u8>>> + '_ {
        let is_compat = self.syscall().is_compat();
        let mut next = Some(address.address());
        core::iter::from_fn(move || {
            let at = next.take()?;
            let (pointer, size) = if is_compat {
                let pointer = self.read_user::<u32>(at);
                (pointer.map(|pointer| pointer as usize), size_of::<u32>())
            } else {
                (self.read_user(at), size_of::<usize>())
            };
            match pointer {
                Ok(0) => None,
                Ok(pointer) => {
                    next = at.checked_add(size);
                    Some(Ok(UserPtr::new(pointer)))
                }
                Err(error) => Some(Err(error)),
            }
        })
        .take(max)
    }

    /// The strings that such an array points to, such as all arguments of `execve`, as much as fits.
    ///
    /// # Errors
    ///
    /// [`EFAULT`] if one of them cannot be read, also as nobody has touched it yet.
    ///
    /// # Examples
    ///
    /// ```
    /// use kernel::prelude::*;
    /// use rprobes::kprobe::{self, PreContext};
    ///
    /// rprobes::kernel_types! { syscall execve; }
    ///
    /// struct Programs;
    ///
    /// #[vtable]
    /// impl kprobe::Handler<sys_execve> for Programs {
    ///     fn pre(&self, cx: &PreContext<'_, sys_execve>) {
    ///         if let Ok(arguments) = cx.user_strings(cx.args().argv(), &mut [0; 256]) {
    ///             pr_info!("{}\n", arguments);
    ///         }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[doc(alias = "argv")]
    pub fn user_strings<'b>(
        &self,
        address: impl UserAddress,
        buffer: &'b mut [u8],
    ) -> Result<CommandLine<'b>> {
        let mut len = 0;
        // Each takes a byte at least: there is no room for more.
        for string in self.user_pointers(address, buffer.len()) {
            len += self.read_user_str(string?, &mut buffer[len..])?.len();
            let Some(end) = buffer.get_mut(len) else {
                break;
            };
            *end = 0;
            len += 1;
        }
        Ok(CommandLine(&buffer[..len]))
    }
}
