// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Members of structs, by name: what [`read!`](crate::read!) stands on.

use core::{marker::PhantomData, ptr::NonNull};

use kernel::{
    error::Error,
    fmt::{self, Display},
    prelude::EFAULT,
};

use super::{KernelPtr, Plain, Pointer, UserPtr, Value};
use crate::machine::memory::{self, Space};

/// A struct or union of the kernel's, with the members that BTF has.
///
/// # Safety
///
/// `Members` consists of [`Field`]s and [`BitField`]s of this type alone.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no members",
    note = "a pointer is followed by `=>`; a struct that the declared functions and structs do not lead to is declared: \
            `kernel_types! {{ struct name; }}`"
)]
pub unsafe trait Struct: Plain {
    /// All members, by their names in C. Those of anonymous structs and unions are among them.
    type Members: Copy + 'static;

    #[doc(hidden)]
    const MEMBERS: &'static Self::Members = {
        assert!(size_of::<Self::Members>() == 0 && align_of::<Self::Members>() == 1);
        // SAFETY: All fields and bit-fields are of size zero, and have no invariants.
        unsafe { NonNull::<Self::Members>::dangling().as_ref() }
    };
}

/// A struct that a function takes or returns by value: its members are read as those of others are.
impl<S: Struct> Pointer for &S {
    type Target = S;
    type To<U> = KernelPtr<U>;
    const SPACE: Space = Space::Kernel;

    #[inline(always)]
    fn address(self) -> usize {
        // What it says is read through the address.
        core::ptr::from_ref(self).expose_provenance()
    }

    #[inline(always)]
    fn to<U>(self, address: usize) -> KernelPtr<U> {
        KernelPtr::new(address)
    }
}

/// A struct that is a name only.
#[derive(Clone, Copy)]
pub struct NoMembers;

/// A member of `S`, of type `T`, `AT` bytes from its beginning.
pub struct Field<S, T, const AT: usize>(PhantomData<fn(S) -> T>);

impl<S, T, const AT: usize> Clone for Field<S, T, AT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T, const AT: usize> Copy for Field<S, T, AT> {}

impl<S, T, const AT: usize> Field<S, T, AT> {
    /// The member of what `pointer` points to.
    #[inline(always)]
    pub fn of<P: Pointer<Target = S>>(self, pointer: P) -> P::To<T> {
        pointer.to(pointer.address().wrapping_add(AT))
    }
}

/// A bit-field of `S`: `BITS` bits of a `T`, from bit `BIT` of the byte at `AT` on.
pub struct BitField<S, T, const AT: usize, const BIT: u32, const BITS: u32>(
    PhantomData<fn(S) -> T>,
);

impl<S, T, const AT: usize, const BIT: u32, const BITS: u32> Clone
    for BitField<S, T, AT, BIT, BITS>
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T, const AT: usize, const BIT: u32, const BITS: u32> Copy
    for BitField<S, T, AT, BIT, BITS>
{
}

impl<S, T, const AT: usize, const BIT: u32, const BITS: u32> BitField<S, T, AT, BIT, BITS> {
    /// The bit-field of what `pointer` points to.
    #[inline(always)]
    pub fn of<P: Pointer<Target = S>>(self, pointer: P) -> Bits<P, T, BIT, BITS> {
        Bits(pointer.address().wrapping_add(AT), PhantomData)
    }
}

/// Where a bit-field is.
pub struct Bits<P, T, const BIT: u32, const BITS: u32>(usize, PhantomData<fn(P) -> T>);

/// A place that can be read.
pub trait Place {
    /// What is there.
    type Value;

    #[doc(hidden)]
    fn address(&self) -> usize;

    #[doc(hidden)]
    fn load(self) -> Result<Self::Value, Error>;
}

impl<P: Pointer> Place for P
where
    P::Target: Plain,
{
    type Value = Value<P::Target>;

    #[inline(always)]
    fn address(&self) -> usize {
        (*self).address()
    }

    #[inline(always)]
    fn load(self) -> Result<Self::Value, Error> {
        const {
            assert!(
                size_of::<P::Target>() <= 512,
                "it is larger than what the kernel's stack has room for: read members of it"
            );
        }
        // SAFETY: Any bytes are a `Plain`.
        unsafe { memory::read_any::<P::Target>(Pointer::address(self), P::SPACE) }.map(Plain::value)
    }
}

impl<P: Pointer, T: FromBits, const BIT: u32, const BITS: u32> Place for Bits<P, T, BIT, BITS> {
    type Value = T::Value;

    #[inline(always)]
    fn address(&self) -> usize {
        self.0
    }

    #[inline(always)]
    fn load(self) -> Result<Self::Value, Error> {
        // The smallest read that has all of it; no further, as that may be another page.
        let (address, space) = (self.0, P::SPACE);
        // SAFETY: Any bytes are an integer, here and below.
        let word = unsafe {
            match BIT + BITS {
                ..=8 => memory::read_any::<u8>(address, space)?.into(),
                9..=16 => memory::read_any::<u16>(address, space)?.into(),
                17..=32 => memory::read_any::<u32>(address, space)?.into(),
                33..=64 => memory::read_any::<u64>(address, space)?.into(),
                _ => memory::read_any::<u128>(address, space)?,
            }
        };
        Ok(T::from_bits((word >> BIT) as u64, BITS))
    }
}

/// A type that bit-fields are of.
pub trait FromBits {
    /// The value of a bit-field of this type.
    type Value;

    #[doc(hidden)]
    fn from_bits(word: u64, bits: u32) -> Self::Value;
}

macro_rules! from_bits {
    ($($int:ty)*) => {
        $(
            impl FromBits for $int {
                type Value = Self;

                #[inline(always)]
                fn from_bits(word: u64, bits: u32) -> Self {
                    // Shifted up and down again: with its sign, if it has one.
                    let above = <$int>::BITS - bits;
                    ((word as $int) << above) >> above
                }
            }
        )*
    };
}

from_bits! { u8 i8 u16 i16 u32 i32 u64 i64 usize isize }

impl FromBits for super::Bool {
    type Value = bool;

    #[inline(always)]
    fn from_bits(word: u64, _bits: u32) -> bool {
        word & 1 != 0
    }
}

/// What a string can be read from: a pointer to one, or an array that has it.
#[diagnostic::on_unimplemented(message = "`{Self}` is no string")]
pub trait Text: Plain {
    /// Where it is, and how long at most.
    #[doc(hidden)]
    fn find<P: Pointer<Target = Self>>(at: P) -> Result<(usize, Space, usize), Error>;
}

impl Text for KernelPtr<u8> {
    #[inline(always)]
    fn find<P: Pointer<Target = Self>>(at: P) -> Result<(usize, Space, usize), Error> {
        Ok((at.load()?.addr(), Space::Kernel, usize::MAX))
    }
}

impl Text for UserPtr<u8> {
    #[inline(always)]
    fn find<P: Pointer<Target = Self>>(at: P) -> Result<(usize, Space, usize), Error> {
        Ok((at.load()?.addr(), Space::User, usize::MAX))
    }
}

impl<const N: usize> Text for [u8; N] {
    #[inline(always)]
    fn find<P: Pointer<Target = Self>>(at: P) -> Result<(usize, Space, usize), Error> {
        Ok((at.address(), P::SPACE, if N == 0 { usize::MAX } else { N }))
    }
}

/// A read that failed. `?` makes it an [`EFAULT`].
#[derive(Clone, Copy, Debug)]
pub struct ReadError {
    /// Which step of the path it was: what stands between two `=>`.
    pub step: &'static str,
    /// The address that is not readable.
    pub address: usize,
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {} at {:#x}", self.step, self.address)
    }
}

impl From<ReadError> for Error {
    fn from(_: ReadError) -> Self {
        EFAULT
    }
}

/// What the macros expand to.
#[allow(missing_docs)]
pub(super) mod __private {
    use super::*;

    #[inline(always)]
    pub fn members<P: Pointer>(_: &P) -> &'static <P::Target as Struct>::Members
    where
        P::Target: Struct,
    {
        P::Target::MEMBERS
    }

    pub fn load_str<'b, P: Pointer>(
        at: P,
        step: &'static str,
        buffer: &'b mut [u8],
    ) -> Result<&'b [u8], ReadError>
    where
        P::Target: Text,
    {
        let error = |address| move |_| ReadError { step, address };
        let (address, space, most) = P::Target::find(at).map_err(error(at.address()))?;
        let most = most.min(buffer.len());
        memory::read_str(address, &mut buffer[..most], space).map_err(error(address))
    }

    /// An element of an array; of one without a length, any.
    #[inline(always)]
    pub fn element<P, T, const N: usize>(
        array: P,
        index: usize,
        step: &'static str,
    ) -> Result<P::To<T>, ReadError>
    where
        P: Pointer<Target = [T; N]>,
    {
        let address = array
            .address()
            .wrapping_add(index.wrapping_mul(size_of::<T>()));
        if N != 0 && index >= N {
            return Err(ReadError { step, address });
        }
        Ok(array.to(address))
    }

    /// The struct that has a member at `member`, which `zero` is of the struct at address 0.
    #[inline(always)]
    pub fn container<S, M>(member: KernelPtr<M>, zero: KernelPtr<M>) -> KernelPtr<S> {
        KernelPtr::new(member.addr().wrapping_sub(zero.addr()))
    }
}

/// Reads a member of a struct that a pointer of the kernel's types leads to: `.` for a member, `[n]` for an element,
/// `=>` to follow a pointer. Types and names are checked when the module is built.
///
/// Each `=>` but the first is one read that does not fault, and so is the end; nothing is read twice. What comes out is
/// `Result<_, ReadError>`, and the error names the step. Atomic context, in a handler.
///
/// Pointers to user space are followed by reads of user space, and only those.
///
/// C: `copy_from_kernel_nofault()`, `BPF_CORE_READ()`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, read};
///
/// rprobes::kernel_types! { fn vfs_read; }
///
/// struct Show;
///
/// #[vtable]
/// impl kprobe::Handler<vfs_read> for Show {
///     fn pre(&self, cx: &PreContext<'_, vfs_read>) {
///         let file = cx.args().file();
///         if let Ok(inode) = read!(cx, file => f_inode => i_ino) {
///             pr_info!("{} bytes of inode {}\n", cx.args().count(), inode);
///         }
///     }
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! read {
    ($cx:expr, $pointer:expr => $($path:tt)+) => {
        match (&$cx, $pointer) {
            (cx, p) => $crate::__path!(@member load cx p [] $($path)+),
        }
    };
    ($cx:expr, $pointer:expr) => {
        $cx.__load($pointer, stringify!($pointer))
    };
}

/// Reads a string: as [`read!`](crate::read!), to a pointer to a string, or to an array that has one; and a buffer. What comes
/// out is what stands before the NUL, cut off if the buffer is shorter.
///
/// # Examples
///
/// ```
/// use kernel::{prelude::*, str::BStr};
/// use rprobes::{kprobe::{self, PreContext}, read_str};
///
/// rprobes::kernel_types! { fn vfs_read; }
///
/// struct Show;
///
/// #[vtable]
/// impl kprobe::Handler<vfs_read> for Show {
///     fn pre(&self, cx: &PreContext<'_, vfs_read>) {
///         let mut name = [0; 64];
///         match read_str!(cx, cx.args().file() => f_path.dentry => d_name.name, &mut name) {
///             Ok(name) => pr_info!("{} bytes of {}\n", cx.args().count(), BStr::from_bytes(name)),
///             Err(error) => pr_info!("{error}\n"),
///         }
///     }
/// }
/// # fn main() {}
/// ```
#[doc(alias = "strncpy_from_kernel_nofault")]
#[macro_export]
macro_rules! read_str {
    ($cx:expr, $pointer:expr => $($rest:tt)+) => {
        match (&$cx, $pointer) {
            (cx, p) => $crate::__path!(@member string cx p [] $($rest)+),
        }
    };
}

/// The address of a member, as a typed pointer: as [`read!`](crate::read!), but for the last read.
#[macro_export]
macro_rules! member {
    ($cx:expr, $pointer:expr => $($path:tt)+) => {
        match (&$cx, $pointer) {
            (cx, p) => $crate::__path!(@member address cx p [] $($path)+),
        }
    };
}

/// The struct that a pointer to one of its members is inside of: `container_of!(pointer, task_struct.sibling)`.
#[macro_export]
macro_rules! container_of {
    ($pointer:expr, $of:ident . $($path:tt)+) => {
        match $crate::types::KernelPtr::<$of>::new(0) {
            p => $crate::types::__private::container::<$of, _>($pointer, $crate::__path!(@member within cx p [] $($path)+)),
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __path {
    (@member $end:ident $cx:ident $p:ident [$($step:tt)*] $name:ident $($rest:tt)*) => {
        match $crate::types::__private::members(&$p).$name.of($p) {
            $p => $crate::__path!(@after $end $cx $p [$($step)* $name] $($rest)*),
        }
    };
    (@after $end:ident $cx:ident $p:ident [$($step:tt)*] . $($rest:tt)+) => {
        $crate::__path!(@member $end $cx $p [$($step)* .] $($rest)+)
    };
    (@after $end:ident $cx:ident $p:ident [$($step:tt)*] [$index:expr] $($rest:tt)*) => {
        match $crate::types::__private::element($p, $index, stringify!($($step)* [$index])) {
            Ok($p) => $crate::__path!(@after $end $cx $p [$($step)* [$index]] $($rest)*),
            Err(error) => Err(error),
        }
    };
    (@after $end:ident $cx:ident $p:ident [$($step:tt)*] => $($rest:tt)+) => {
        match $cx.__load($p, stringify!($($step)*)) {
            Ok($p) => $crate::__path!(@member $end $cx $p [] $($rest)+),
            Err(error) => Err(error),
        }
    };
    (@after load $cx:ident $p:ident [$($step:tt)*]) => {
        $cx.__load($p, stringify!($($step)*))
    };
    (@after string $cx:ident $p:ident [$($step:tt)*], $buffer:expr) => {
        $cx.__load_str($p, stringify!($($step)*), $buffer)
    };
    (@after address $cx:ident $p:ident [$($step:tt)*]) => {
        Ok::<_, $crate::types::ReadError>({
            let _ = $cx;
            $p
        })
    };
    (@after within $cx:ident $p:ident [$($step:tt)*]) => {
        $p
    };
}
