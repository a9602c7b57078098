// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Printing that does not flood the log.
//!
//! C header: [`include/linux/ratelimit.h`](srctree/include/linux/ratelimit.h)

use core::ffi::CStr;

use kernel::{str::CStrExt, types::Opaque};

use crate::bindings;

/// Does what is in its braces, but at most 10 times in 5 seconds: for a handler that prints. The limit is for this
/// place in the code alone. Any context.
///
/// The kernel counts what was suppressed, and says how much it was, under the name of the module, when printing resumes.
/// Stands on `___ratelimit()`, as C's `pr_info_ratelimited()` does.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, ratelimited};
///
/// struct Say;
///
/// #[vtable]
/// impl kprobe::Handler for Say {
///     fn pre(&self, cx: &PreContext<'_>) {
///         ratelimited! {
///             pr_info!("{} was reached by {}\n", cx.address(), cx.comm());
///         }
///     }
/// }
/// ```
#[doc(alias = "pr_info_ratelimited")]
#[doc(alias = "printk_ratelimited")]
#[macro_export]
macro_rules! ratelimited {
    ($($statements:tt)*) => {{
        static PLACE: $crate::ratelimit::__private::Place = $crate::ratelimit::__private::Place::unused();

        if PLACE.allows($crate::ratelimit::__private::c_str(concat!(module_path!(), "\0"))) {
            $($statements)*
        }
    }};
}

/// What [`ratelimited!`](crate::ratelimited!) expands to.
#[doc(hidden)]
pub mod __private {
    pub use crate::text::c_str;

    use super::*;

    /// The state of one place in the code.
    pub struct Place(Opaque<bindings::rprobes_ratelimit>);

    // SAFETY: Only the helper uses what is inside, and it may be called on several CPUs at once.
    unsafe impl Sync for Place {}

    impl Place {
        pub const fn unused() -> Self {
            Self(Opaque::zeroed())
        }

        #[inline(never)]
        pub fn allows(&self, name: &'static CStr) -> bool {
            // SAFETY: It was zero at first and is used by this helper alone. The name is NUL-terminated.
            unsafe { bindings::rprobes_ratelimit(self.0.get(), name.as_char_ptr()) }
        }
    }
}
