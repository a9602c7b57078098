// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Pointers that the kernel's types speak of. They are followed by reads that may fail, never by the CPU.

use core::marker::PhantomData;

use kernel::fmt;

use crate::machine::memory::Space;

macro_rules! pointer {
    ($(#[$doc:meta])* $name:ident, $space:ident, $address:ident) => {
        $(#[$doc])*
        #[repr(transparent)]
        pub struct $name<T>(usize, PhantomData<fn() -> T>);

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<T> Copy for $name<T> {}

        impl<T> PartialEq for $name<T> {
            fn eq(&self, other: &Self) -> bool {
                self.0 == other.0
            }
        }

        impl<T> Eq for $name<T> {}

        impl<T> $name<T> {
            /// The pointer with this address; any number will do.
            #[inline(always)]
            pub const fn new(address: usize) -> Self {
                Self(address, PhantomData)
            }

            /// Its address.
            #[inline(always)]
            pub const fn addr(self) -> usize {
                self.0
            }

            /// Whether it is NULL.
            #[inline(always)]
            pub const fn is_null(self) -> bool {
                self.0 == 0
            }

            /// The same address, of something else.
            #[inline(always)]
            pub const fn cast<U>(self) -> $name<U> {
                $name::new(self.0)
            }
        }

        impl<T> fmt::Debug for $name<T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:#x}", self.0)
            }
        }

        impl<T> Pointer for $name<T> {
            type Target = T;
            type To<U> = $name<U>;
            const SPACE: Space = Space::$space;

            #[inline(always)]
            fn address(self) -> usize {
                self.0
            }

            #[inline(always)]
            fn to<U>(self, address: usize) -> $name<U> {
                $name::new(address)
            }
        }

        impl<T> $address for $name<T> {
            #[inline(always)]
            fn address(self) -> usize {
                self.0
            }
        }

        impl $address for usize {
            #[inline(always)]
            fn address(self) -> usize {
                self
            }
        }
    };
}

pointer! {
    /// A pointer into the kernel's memory, to a `T`. Any context; nothing is known of what is there.
    KernelPtr, Kernel, KernelAddress
}

pointer! {
    /// A pointer into the memory of the current task, to a `T`. Any context; nothing is known of what is there.
    UserPtr, User, UserAddress
}

impl<T> KernelPtr<T> {
    /// The same address, as one of user space: for pointers that the kernel declares `__user`, which compilers before gcc 16
    /// leave out of the types. A parameter is said to be one in the declaration: `fn do_sys_openat2(filename: user);`.
    #[inline(always)]
    pub const fn user(self) -> UserPtr<T> {
        UserPtr::new(self.0)
    }
}

/// A pointer of either kind, or a reference to a value.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no pointer, so `=>` cannot follow it",
    note = "inside a struct, write `.`; to read it, end here"
)]
pub trait Pointer: Copy {
    /// What it points to.
    type Target;
    /// A pointer of this kind to something else.
    type To<U>: Pointer<Target = U>;
    #[doc(hidden)]
    const SPACE: Space;
    #[doc(hidden)]
    fn address(self) -> usize;
    #[doc(hidden)]
    fn to<U>(self, address: usize) -> Self::To<U>;
}

/// An address in the kernel's memory: a [`KernelPtr`], or a number.
#[diagnostic::on_unimplemented(message = "`{Self}` is no address in the kernel's memory")]
pub trait KernelAddress {
    #[doc(hidden)]
    fn address(self) -> usize;
}

/// An address in the memory of the current task: a [`UserPtr`], or a number.
#[diagnostic::on_unimplemented(message = "`{Self}` is no address in user space")]
pub trait UserAddress {
    #[doc(hidden)]
    fn address(self) -> usize;
}
