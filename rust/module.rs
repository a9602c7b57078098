// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Declaring a module: [`module!`](crate::module!), its parameters, and its end.
//!
//! C header: [`include/linux/moduleparam.h`](srctree/include/linux/moduleparam.h)

use core::{borrow::Borrow, cell::UnsafeCell};

use kernel::{
    bindings::{self, KSYM_NAME_LEN},
    module_param::ModuleParamAccess,
    prelude::*,
    InPlaceModule,
};

use crate::probe::filter::{self, Filter};

/// How many bytes a string parameter has room for, with the NUL: the kernel's `KSYM_NAME_LEN`, 512.
pub const STRING_PARAM_LEN: usize = KSYM_NAME_LEN as usize;

/// Declares a kernel module. As the kernel crate's [`module!`](kernel::macros::module), and besides:
///
/// - `string` parameters, like C's `module_param_string(symbol, symbol, KSYM_NAME_LEN, 0644)`: they stand in
///   `/sys/module/<name>/parameters/` and in `modinfo`; a value of 512 bytes or more is refused, with a line in
///   the kernel log. The integer types are the kernel crate's own.
/// - `filter` parameters: see [`Filter`](crate::Filter).
/// - All parameters are found in `crate::params`: `params::symbol.get()?` for a string, `params::count.value()` for
///   the others.
/// - Probes that were leaked are unregistered when the module is unloaded; timers and deferred work are ended; streams, files of reports, events and trace instances are removed.
/// - If the module's `init` fails, `insmod` is not given errors that it translates into something misleading: [`ENOENT`]
///   reads "Unknown symbol in module, or unknown parameter", and becomes [`ENXIO`]; `EILSEQ` and others that a wrong
///   parameter leads to become [`EINVAL`]. The kernel log has the cause.
///
/// A module with probes, kprobe events or trace instances must be declared with this macro: it does not link otherwise.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
///
/// rprobes::module! {
///     type: Example,
///     name: "example",
///     authors: ["Somebody"],
///     description: "An example",
///     license: "GPL",
///     params: {
///         symbol: string { default: "kernel_clone", description: "Function to probe" },
///         most: u32 { default: 10, description: "Lines to print at most" },
///     },
/// }
///
/// struct Example;
///
/// impl kernel::Module for Example {
///     fn init(_module: &'static ThisModule) -> Result<Self> {
///         pr_info!("symbol is {}, most is {}\n", params::symbol.get()?, params::most.value());
///         Ok(Self)
///     }
/// }
/// # fn main() {}
/// ```
#[doc(alias = "module_param_string")]
#[macro_export]
macro_rules! module {
    (type: $type:ty, $($rest:tt)*) => {
        $crate::__module! { @keys [$type] [] $($rest)* }

        #[doc(hidden)]
        #[$crate::module::__private::pin_data]
        struct ModuleWithProbes {
            #[pin]
            module: $crate::module::__private::Drained<$type>,
        }

        impl ::kernel::InPlaceModule for ModuleWithProbes {
            fn init(
                module: &'static ::kernel::ThisModule,
            ) -> impl $crate::module::__private::PinInit<Self, ::kernel::error::Error> {
                ::kernel::try_pin_init!(Self {
                    // SAFETY: It is dropped when the module is unloaded.
                    module <- unsafe { $crate::module::__private::Drained::init(module) },
                })
            }
        }

        /// Registration refers to this, so that a module without a drain does not link.
        #[doc(hidden)]
        #[no_mangle]
        static rprobes_needs_its_module_macro: u8 = 0;
    };
}

/// Takes the string parameters out of the keys of [`module!`](crate::module!) and gives the rest to the kernel's.
#[doc(hidden)]
#[macro_export]
macro_rules! __module {
    // Sort the parameters: those that are ours to the first list, those of the kernel crate to the second.
    (@keys [$type:ty] [$($key:tt)*] params: { $($params:tt)* } $(,)?) => {
        $crate::__module! { @params [$type] [$($key)*] [] [] $($params)* }
    };
    (@keys [$type:ty] [$($key:tt)*]) => {
        $crate::__module! { @params [$type] [$($key)*] [] [] }
    };
    (@keys [$type:ty] [$($done:tt)*] $key:ident: $value:tt $(, $($rest:tt)*)?) => {
        $crate::__module! { @keys [$type] [$($done)* $key: $value,] $($($rest)*)? }
    };

    (@params [$type:ty] [$($key:tt)*] [$($ours:tt)*] [$($others:tt)*]
        $name:ident: string { default: $default:literal, description: $description:literal $(,)? } $(, $($rest:tt)*)?
    ) => {
        $crate::__module! {
            @params [$type] [$($key)*] [$($ours)* ($name string $default, $description)] [$($others)*] $($($rest)*)?
        }
    };
    (@params [$type:ty] [$($key:tt)*] [$($ours:tt)*] [$($others:tt)*]
        $name:ident: filter { description: $description:literal $(,)? } $(, $($rest:tt)*)?
    ) => {
        $crate::__module! {
            @params [$type] [$($key)*] [$($ours)* ($name filter (), $description)] [$($others)*] $($($rest)*)?
        }
    };
    // Those of the kernel crate are numbers only before Linux 7.3.
    (@params [$type:ty] [$($key:tt)*] [$($ours:tt)*] [$($others:tt)*]
        $name:ident: bool { default: $default:expr, description: $description:literal $(,)? } $(, $($rest:tt)*)?
    ) => {
        $crate::__module! {
            @params [$type] [$($key)*] [$($ours)* ($name bool $default, $description)] [$($others)*] $($($rest)*)?
        }
    };
    (@params [$type:ty] [$($key:tt)*] [$($ours:tt)*] [$($others:tt)*]
        $name:ident: $kind:ident { default: $default:expr, description: $description:literal $(,)? }
        $(, $($rest:tt)*)?
    ) => {
        $crate::__module! {
            @params [$type] [$($key)*] [$($ours)*]
            [$($others)* ($name $kind $default, $description)] $($($rest)*)?
        }
    };
    (@params [$type:ty] [$($key:tt)*] [$(($name:ident $ours:ident $default:expr, $description:literal))*]
        [$(($other:ident $kind:ident $other_default:expr, $other_description:literal))*]
    ) => {
        ::kernel::macros::module! {
            type: ModuleWithProbes,
            $($key)*
            params: {
                $($other: $kind { default: $other_default, description: $other_description, },)*
            },
        }

        /// The parameters of this module.
        #[allow(non_upper_case_globals)]
        mod params {
            $(
                pub(crate) static $other: $crate::module::Param<$kind> =
                    $crate::module::Param::new(&super::module_parameters::$other);
            )*

            $(
                pub(crate) static $name: $crate::module::__private::param::$ours =
                    $crate::module::__private::param::$ours::new($default);

                const _: () = {
                    #[link_section = "__param"]
                    #[used(compiler)]
                    static PARAM: ::kernel::module_param::KernelParam = $name.__kernel_param(
                        $crate::module::__private::c_str(concat!(stringify!($name), "\0")),
                        &STRING,
                    );
                    static STRING: $crate::module::__private::KparamString = $name.__kparam_string();

                    #[link_section = ".modinfo"]
                    #[used(compiler)]
                    static TYPE: [u8; TYPE_TEXT.len()] = $crate::module::__private::bytes(TYPE_TEXT);
                    const TYPE_TEXT: &str = concat!("parmtype=", stringify!($name), ":", stringify!($ours), "\0");

                    #[link_section = ".modinfo"]
                    #[used(compiler)]
                    static DESCRIPTION: [u8; TEXT.len()] = $crate::module::__private::bytes(TEXT);
                    const TEXT: &str = concat!("parm=", stringify!($name), ":", $description, "\0");
                };
            )*
        }
    };
}

/// A number that is a parameter of a module, declared by [`module!`](crate::module!).
///
/// Stands on [`ModuleParamAccess`].
pub struct Param<T: 'static>(&'static ModuleParamAccess<T>);

impl<T: Copy> Param<T> {
    #[doc(hidden)]
    pub const fn new(access: &'static ModuleParamAccess<T>) -> Self {
        Self(access)
    }

    /// The value that was given when the module was loaded, or the default. Any context.
    #[inline]
    pub fn value(&self) -> T {
        // The kernel crate returns a reference before Linux 7.3.
        *Borrow::<T>::borrow(&self.0.value())
    }
}

/// A `bool` parameter of a module, declared by [`module!`](crate::module!).
///
/// Stands on `param_ops_bool`.
pub struct BoolParam(UnsafeCell<bool>);

// SAFETY: The kernel writes the value before any code of the module runs, and nobody does later.
unsafe impl Sync for BoolParam {}

impl BoolParam {
    #[doc(hidden)]
    pub const fn new(default: bool) -> Self {
        Self(UnsafeCell::new(default))
    }

    /// The value that was given when the module was loaded, or the default. Any context.
    #[inline]
    pub fn value(&self) -> bool {
        // SAFETY: Nobody writes it any more.
        unsafe { *self.0.get() }
    }

    #[doc(hidden)]
    pub const fn __kparam_string(&'static self) -> __private::KparamString {
        __private::KparamString(bindings::kparam_string {
            maxlen: 0,
            string: core::ptr::null_mut(),
        })
    }

    #[doc(hidden)]
    pub const fn __kernel_param(
        &'static self,
        name: &'static CStr,
        _string: &'static __private::KparamString,
    ) -> kernel::module_param::KernelParam {
        kernel::module_param::KernelParam::new(bindings::kernel_param {
            name: kernel::str::as_char_ptr_in_const_context(name),
            mod_: this_module(),
            ops: &raw const bindings::param_ops_bool,
            perm: 0o444,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 {
                arg: self.0.get().cast(),
            },
        })
    }
}

/// A string parameter of a module, declared by [`module!`](crate::module!).
///
/// Stands on `param_ops_string`.
pub struct StringParam {
    text: UnsafeCell<[u8; STRING_PARAM_LEN]>,
}

// SAFETY: The kernel writes the text, and `get` reads it, under the parameter lock of the module.
unsafe impl Sync for StringParam {}

impl StringParam {
    #[doc(hidden)]
    pub const fn new(default: &str) -> Self {
        let default = default.as_bytes();
        assert!(
            default.len() < STRING_PARAM_LEN,
            "the default of a string parameter is too long"
        );
        let mut text = [0; STRING_PARAM_LEN];
        let mut i = 0;
        while i < default.len() {
            text[i] = default[i];
            i += 1;
        }
        Self {
            text: UnsafeCell::new(text),
        }
    }

    /// A copy of the value: as given at load time, or written to `/sys/module/<name>/parameters/` since.
    ///
    /// Process context: takes the lock that a write through sysfs holds.
    ///
    /// # Errors
    ///
    /// [`ENOMEM`].
    pub fn get(&self) -> Result<StringValue> {
        let mut text = KVec::new();
        let this_module = crate::module::this_module();
        // SAFETY: `this_module` is the module that this code is in, hence alive; process context, says the caller.
        unsafe { bindings::kernel_param_lock(this_module) };
        // SAFETY: Writers hold the lock, which is ours.
        let value = unsafe { &*self.text.get() };
        let len = value.iter().position(|&c| c == 0).unwrap_or(value.len());
        let copied = text.extend_from_slice(&value[..len], GFP_KERNEL);
        // SAFETY: Locked above.
        unsafe { bindings::kernel_param_unlock(this_module) };
        copied?;
        Ok(StringValue(text))
    }

    #[doc(hidden)]
    pub const fn __kparam_string(&'static self) -> __private::KparamString {
        __private::KparamString(bindings::kparam_string {
            maxlen: STRING_PARAM_LEN as c_uint,
            string: self.text.get().cast(),
        })
    }

    #[doc(hidden)]
    pub const fn __kernel_param(
        &'static self,
        name: &'static CStr,
        string: &'static __private::KparamString,
    ) -> kernel::module_param::KernelParam {
        kernel::module_param::KernelParam::new(bindings::kernel_param {
            name: kernel::str::as_char_ptr_in_const_context(name),
            mod_: this_module(),
            ops: &raw const bindings::param_ops_string,
            perm: 0o644,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 {
                str_: &raw const string.0,
            },
        })
    }
}

/// A parameter of a module, declared by [`module!`](crate::module!).
impl Filter {
    #[doc(hidden)]
    pub const fn __kparam_string(&'static self) -> __private::KparamString {
        __private::KparamString(bindings::kparam_string {
            maxlen: 0,
            string: core::ptr::null_mut(),
        })
    }

    #[doc(hidden)]
    pub const fn __kernel_param(
        &'static self,
        name: &'static CStr,
        _string: &'static __private::KparamString,
    ) -> kernel::module_param::KernelParam {
        kernel::module_param::KernelParam::new(bindings::kernel_param {
            name: kernel::str::as_char_ptr_in_const_context(name),
            mod_: this_module(),
            ops: &raw const filter::OPS,
            perm: 0o644,
            level: -1,
            flags: 0,
            __bindgen_anon_1: bindings::kernel_param__bindgen_ty_1 {
                arg: core::ptr::from_ref(self).cast_mut().cast(),
            },
        })
    }
}

/// The value of a [`StringParam`] at one moment.
pub struct StringValue(KVec<u8>);

impl core::ops::Deref for StringValue {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl kernel::fmt::Display for StringValue {
    fn fmt(&self, f: &mut kernel::fmt::Formatter<'_>) -> kernel::fmt::Result {
        kernel::fmt::Display::fmt(kernel::str::BStr::from_bytes(&self.0), f)
    }
}

/// `THIS_MODULE`.
const fn this_module() -> *mut bindings::module {
    // Only the address is taken; the module loader fills the struct in before any code runs.
    (&raw const bindings::__this_module).cast_mut()
}

/// What [`module!`](crate::module!) expands to.
#[doc(hidden)]
pub mod __private {
    pub use pin_init::{pin_data, PinInit};

    pub use crate::text::{bytes, c_str};

    /// The types of parameters that are ours, under their names in `module!`.
    pub mod param {
        pub use crate::{
            module::{BoolParam as bool, StringParam as string},
            Filter as filter,
        };
    }

    use super::*;

    /// A module, and what is to be done after it was dropped.
    #[pin_data]
    pub struct Drained<T> {
        #[pin]
        module: T,
        // Dropped after the module: fields are dropped in this order.
        drain: Drain,
    }

    impl<T: InPlaceModule> Drained<T> {
        /// # Safety
        ///
        /// To be dropped only when the module is unloaded: probes that are planted afterwards are not drained.
        pub unsafe fn init(module: &'static ThisModule) -> impl PinInit<Self, ForInsmod> {
            // The drain first: it is dropped, too, if the module refuses to load.
            try_pin_init!(Self {
                _: {
                    crate::types::check()?;
                    // SAFETY: Nothing of the module has run yet.
                    unsafe { crate::trace::prepare() };
                },
                drain: Drain,
                module <- T::init(module),
            }? ForInsmod)
        }
    }

    /// Unregisters leaked probes when dropped, and has timers and deferred work come to their ends.
    struct Drain;

    impl Drop for Drain {
        fn drop(&mut self) {
            // In this order: what these do may plant probes, and handlers of those, and who reads streams, may ask for something
            // to be done.
            crate::later::stop();
            crate::probe::drain();
            crate::stream::drain();
            crate::later::drain();
            crate::report::drain();
            // Handlers may have written into these.
            crate::trace::drain();
        }
    }

    /// An error that becomes one which `insmod` does not translate into something misleading.
    pub struct ForInsmod(Error);

    impl From<Error> for ForInsmod {
        fn from(error: Error) -> Self {
            Self(error)
        }
    }

    impl From<ForInsmod> for Error {
        fn from(ForInsmod(error): ForInsmod) -> Self {
            use kernel::bindings as number;
            match error.to_errno().unsigned_abs() {
                number::ENOENT | number::ESRCH => ENXIO,
                number::EADDRNOTAVAIL
                | number::EEXIST
                | number::EILSEQ
                | number::ENAMETOOLONG
                | number::ENOEXEC => EINVAL,
                _ => error,
            }
        }
    }

    /// `struct kparam_string`.
    #[repr(transparent)]
    pub struct KparamString(pub(super) bindings::kparam_string);

    // SAFETY: The kernel alone reads it, and it never changes.
    unsafe impl Sync for KparamString {}
}
