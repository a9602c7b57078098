// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! C functions whose arguments are not known before the crate is used: so many words.

use kernel::ffi::c_void;

/// The arguments of a C function, if each is a word: `[usize; N]`.
pub trait Words: AsRef<[usize]> + Copy + 'static {
    /// How many.
    #[doc(hidden)]
    const COUNT: usize;

    /// A C function of a pointer and of as many words, which calls `C`.
    #[doc(hidden)]
    fn function<C: Call<Self>>() -> *const c_void;
}

/// What such a function calls.
#[doc(hidden)]
pub trait Call<W> {
    /// # Safety
    ///
    /// As for the function: whoever hands that out says what it may be called with.
    unsafe fn call(pointer: *mut c_void, words: W);
}

macro_rules! words {
    ($($count:literal: $($word:ident)*;)*) => {
        $(
            impl Words for [usize; $count] {
                const COUNT: usize = $count;

                fn function<C: Call<Self>>() -> *const c_void {
                    /// # Safety
                    ///
                    /// As for [`Call::call`].
                    #[link_section = ".kprobes.text"]
                    #[cfg_attr(padded, patchable_function_entry(prefix_nops = 16, entry_nops = 0))]
                    #[cfg_attr(unpadded, patchable_function_entry(prefix_nops = 0, entry_nops = 0))]
                    unsafe extern "C" fn called<C: Call<[usize; $count]>>(
                        pointer: *mut c_void,
                        $($word: usize,)*
                    ) {
                        // SAFETY: The caller promises that.
                        unsafe { C::call(pointer, [$($word),*]) }
                    }
                    called::<C> as *const c_void
                }
            }
        )*
    };
}

// As many as the kernel has for programs of BPF.
words! {
    0: ;
    1: a;
    2: a b;
    3: a b c;
    4: a b c d;
    5: a b c d e;
    6: a b c d e f;
    7: a b c d e f g;
    8: a b c d e f g h;
    9: a b c d e f g h i;
    10: a b c d e f g h i j;
    11: a b c d e f g h i j k;
    12: a b c d e f g h i j k l;
}
