// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! One probe in the kernel's tables: how it gets in, and how it is sure to get out.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)
//!
//! Three things can go wrong with a `struct kprobe`, and none of them may happen to a safe program:
//!
//! - *It is freed while the kernel still uses it.* The struct is in memory of its own, which is given up only
//!   after `unregister_kprobe()` has waited for running handlers. Should the kernel fail to take it out (it says
//!   so by clearing `addr`), that memory is never freed, and nothing of the module is called through it.
//! - *It is forgotten, and the module goes away.* `struct kprobe` has no owner that would keep the module. Every
//!   registered probe is in a list of its module; [`module!`](crate::module!) drains the list last of all.
//! - *It is registered but not armed.* `register_kprobe()` of Linux 7.3 drops the error of arming.
//!   `enable_kprobe()` does not, so a probe is registered disabled and then enabled.

use core::{ffi::CStr, ptr::NonNull};

use kernel::{
    error::to_result,
    fmt::{self, Display},
    prelude::*,
    str::{BStr, CString},
};

use crate::{
    bindings::{self, rprobes_probe},
    symbol::{self, Near, Symbol},
    target::{self, Place, Target},
};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else. Linking fails, with this name, for a module
    /// that is declared in another way: nothing would drain its list.
    static rprobes_needs_its_module_macro: u8;
}

/// What the kernel knows of a probe, in memory of its own.
///
/// # Invariants
///
/// While registered, `probe.kp` is in the kernel's tables, `probe.link` is in the module's list, and
/// `probe.handler` points to the handler that the callbacks of `probe.kp` expect.
#[repr(C)]
pub(crate) struct Node {
    /// First, so that the `struct kprobe` that a callback gets is also the node.
    probe: rprobes_probe,
    /// The target as the author or the user wrote it.
    name: CString,
}

impl Node {
    /// The node of the `struct kprobe` that a callback was called with.
    ///
    /// # Safety
    ///
    /// `kp` must be what the kernel passes to a callback of a probe of this crate, and `'a` must end with that
    /// call.
    #[inline(always)]
    pub(crate) unsafe fn from_kprobe<'a>(kp: *mut bindings::kprobe) -> &'a Self {
        // SAFETY: Only nodes are registered by this crate, and `kp` is their first field. The memory lives until
        // after the last callback. The kernel may change fields of `kp` meanwhile, which are only read through
        // raw pointers here.
        unsafe { &*kp.cast() }
    }

    /// The handler.
    ///
    /// # Safety
    ///
    /// `T` must be the type of the handler that this node was registered with, and `'a` must end with the
    /// callback that the node came from.
    #[inline(always)]
    pub(crate) unsafe fn handler<'a, T>(&self) -> &'a T {
        // SAFETY: By the type invariants this is the handler, a `T` as the caller promises; it lives as long as
        // the probe is registered, so longer than any callback.
        unsafe { &*self.probe.handler.cast() }
    }

    /// The probed address.
    #[inline(always)]
    pub(crate) fn address(&self) -> usize {
        self.probe.kp.addr as usize
    }

    /// The target as it was written.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    fn kp(this: NonNull<Self>) -> *mut bindings::kprobe {
        this.as_ptr().cast()
    }

    fn probe(this: NonNull<Self>) -> *mut rprobes_probe {
        this.as_ptr().cast()
    }
}

/// The callbacks of a probe, and the handler that they expect.
pub(crate) struct Callbacks {
    pub(crate) handler: *const c_void,
    pub(crate) pre: bindings::kprobe_pre_handler_t,
    pub(crate) post: bindings::kprobe_post_handler_t,
}

/// A registered probe; unregisters on drop.
///
/// # Invariants
///
/// The node is registered, and this is the only registration of it, unless the module's list was drained.
pub(crate) struct Registration(NonNull<Node>);

// SAFETY: The node is reached from any CPU already, by the kernel; what this type offers only reads it.
unsafe impl Send for Registration {}
// SAFETY: As above.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a probe and arms it. Process context. On error the cause is in the kernel log, and nothing is
    /// registered.
    ///
    /// # Safety
    ///
    /// The callbacks must be sound to call with a node of that handler from now on until the registration is
    /// dropped or the module's list is drained; the handler must not move or go away before.
    pub(crate) unsafe fn new(target: &Target<'_>, callbacks: Callbacks) -> Result<Self> {
        // The address of the symbol is all that matters: it makes the linker ask for the definition.
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        target.check()?;
        let name = CString::try_from_fmt(fmt!("{}", target))?;
        let symbol = match target.place {
            Place::Symbol(name) => Some(CString::try_from_fmt(fmt!("{}", BStr::from_bytes(name)))?),
            Place::Address(_) => None,
        };
        let node = KBox::new(
            Node {
                probe: rprobes_probe {
                    kp: bindings::kprobe {
                        pre_handler: callbacks.pre,
                        post_handler: callbacks.post,
                        ..Default::default()
                    },
                    handler: callbacks.handler,
                    ..Default::default()
                },
                name,
            },
            GFP_KERNEL,
        )?;
        // From here on the node is used through raw pointers only, as the kernel does.
        let node = NonNull::from(KBox::leak(node));
        match Self::plant(node, target, symbol.as_deref()) {
            // INVARIANT: `plant` has just registered it.
            Ok(()) => Ok(Self(node)),
            Err(error) => {
                // SAFETY: `plant` leaves nothing registered when it fails, and the pointer is that of the box.
                drop(unsafe { KBox::from_raw(node.as_ptr()) });
                Err(error)
            }
        }
    }

    /// Registers the probe disabled, makes sure that it is the one that was meant, and arms it.
    fn plant(node: NonNull<Node>, target: &Target<'_>, symbol: Option<&CStr>) -> Result {
        let kp = Node::kp(node);
        let mut meant = symbol;
        let mut result = register(kp, target, meant);
        if let (Err(error), Some(old)) = (result, symbol) {
            if let Some((new, since)) = target::renamed(old.to_bytes()).filter(|_| error == ENOENT)
            {
                result = register(kp, target, Some(new));
                if result.is_ok() {
                    meant = Some(new);
                    log!(
                        INFO,
                        "{} is {} since Linux {}: probing that\n",
                        old,
                        new,
                        since
                    );
                }
            }
        }
        if let Err(error) = result {
            explain(error, target, meant);
            return Err(error);
        }
        // SAFETY: `kp` was registered just now, so `addr` is set and stays.
        let address = unsafe { (*kp).addr } as usize;
        let armed = is_unambiguous(meant, address).and_then(|()| {
            // SAFETY: The node is allocated and in no list.
            unsafe { bindings::rprobes_probe_link(Node::probe(node)) };
            arm(kp, target).inspect_err(|_| {
                // SAFETY: It was linked just now.
                unsafe { bindings::rprobes_probe_unlink(Node::probe(node)) };
            })
        });
        if armed.is_err() {
            // SAFETY: `kp` is registered, and this is the end of it.
            unsafe { unregister(kp) }.map_err(|Stuck| EBUSY)?;
        }
        armed
    }

    #[inline]
    pub(crate) fn node(&self) -> &Node {
        // SAFETY: The node lives until this is dropped.
        unsafe { self.0.as_ref() }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: By the type invariants it is registered and in the list.
        unsafe { bindings::rprobes_probe_unlink(Node::probe(self.0)) };
        // SAFETY: As above, and this is the end of it.
        if unsafe { unregister(Node::kp(self.0)) }.is_ok() {
            // SAFETY: The kernel is done with the node, which came from a box.
            drop(unsafe { KBox::from_raw(self.0.as_ptr()) });
        }
    }
}

/// Unregisters what is left in the module's list. Called when the module goes away, as the last thing.
pub(crate) fn drain() {
    // SAFETY: The helper hands out each linked probe once.
    while let Some(probe) = NonNull::new(unsafe { bindings::rprobes_probe_unlink_first() }) {
        let node = probe.cast::<Node>();
        // SAFETY: What is linked is a live node: one whose owner was dropped is not in the list.
        let name = unsafe { node.as_ref() }.name();
        log!(
            WARNING,
            "the probe at {} was leaked (mem::forget, or a reference cycle?); unregistering it\n",
            name
        );
        // SAFETY: It is registered. Whoever leaked the owner can not drop it any more: the module is gone. The
        // node itself stays allocated, as the leaked owner does.
        let _ = unsafe { unregister(Node::kp(node)) };
    }
}

/// The kernel could not take a probe out of its tables.
struct Stuck;

/// Unregisters a probe and waits for its handlers. After this no callback of it runs.
///
/// # Safety
///
/// `kp` must be registered. If this fails it must stay allocated for ever.
unsafe fn unregister(kp: *mut bindings::kprobe) -> Result<(), Stuck> {
    // SAFETY: `kp` is registered, says the caller.
    let address = Symbol(unsafe { (*kp).addr } as usize);
    // SAFETY: As above.
    unsafe { bindings::unregister_kprobe(kp) };
    // SAFETY: `kp` is still allocated, and nobody writes to it any more.
    if !unsafe { (*kp).addr }.is_null() {
        return Ok(());
    }
    // SAFETY: `kp` is allocated, and the caller keeps it so.
    unsafe { bindings::rprobes_kprobe_silence(kp) };
    log!(
        ERR,
        "the kernel could not disarm the probe at {}; it stays there, without a handler\n",
        address
    );
    Err(Stuck)
}

/// Registers `kp` disabled at the target, which is called `symbol` if it is a symbol.
fn register(kp: *mut bindings::kprobe, target: &Target<'_>, symbol: Option<&CStr>) -> Result {
    // SAFETY: `kp` is allocated and not registered, so it is ours. A failed registration has written to `addr`
    // and `flags`, so all four are set again. The name is needed by `register_kprobe` alone.
    unsafe {
        (*kp).symbol_name = symbol.map_or(core::ptr::null(), CStr::as_char_ptr);
        (*kp).addr = match target.place {
            Place::Symbol(_) => core::ptr::null_mut(),
            Place::Address(address) => address as *mut bindings::kprobe_opcode_t,
        };
        (*kp).offset = target.offset;
        (*kp).flags = bindings::KPROBE_FLAG_DISABLED;
    }
    // SAFETY: `kp` is allocated, filled in, not registered, and stays where it is.
    let result = to_result(unsafe { bindings::register_kprobe(kp) });
    // SAFETY: The kernel keeps no pointer to the name, so it may go away.
    unsafe { (*kp).symbol_name = core::ptr::null() };
    result
}

/// Refuses a symbol that is the name of several functions: the kernel would take any one of them.
fn is_unambiguous(symbol: Option<&CStr>, address: usize) -> Result {
    let Some(symbol) = symbol else {
        return Ok(());
    };
    let name = symbol.to_bytes();
    let bare = name
        .iter()
        .position(|&c| c == b':')
        .map_or(name, |colon| &name[colon + 1..]);
    match symbol::count(bare, address) {
        // None: an alias, which kallsyms shows under another name.
        0 | 1 => Ok(()),
        n => {
            log!(
                ERR,
                "{} is the name of {} functions; give the address of the one you mean (see /proc/kallsyms)\n",
                symbol,
                n
            );
            Err(EADDRNOTAVAIL)
        }
    }
}

/// Arms a registered probe.
fn arm(kp: *mut bindings::kprobe, target: &Target<'_>) -> Result {
    // SAFETY: `kp` is registered.
    to_result(unsafe { bindings::enable_kprobe(kp) }).inspect_err(|error| {
        log!(
            ERR,
            "the kernel could not arm the probe at {} ({})\n",
            target,
            Errno(*error)
        );
    })?;
    // SAFETY: As above; the kernel changes `flags` under its own lock, and this bit only while enabling or
    // disabling.
    if unsafe { (&raw const (*kp).flags).read_volatile() } & bindings::KPROBE_FLAG_DISABLED == 0 {
        return Ok(());
    }
    log!(
        ERR,
        "probes are switched off on this machine; echo 1 > /sys/kernel/debug/kprobes/enabled and load again\n"
    );
    Err(EBUSY)
}

/// Says in the log, in one line, why the kernel refused a probe, and what to do.
fn explain(error: Error, target: &Target<'_>, symbol: Option<&CStr>) {
    let errno = Errno(error);
    let is_in_module = symbol.is_some_and(|name| name.to_bytes().contains(&b':'));
    match (error, symbol) {
        (ENOENT, Some(_)) if is_in_module => log!(
            ERR,
            "no probe at {}: no such function, or its module is not loaded ({})\n",
            target,
            errno
        ),
        (ENOENT, Some(name)) => log!(
            ERR,
            "no probe at {}: no such function in /proc/kallsyms (misspelt, inlined, or in a module that is not \
             loaded){} ({})\n",
            target,
            Near::find(name.to_bytes()),
            errno
        ),
        (ENOENT, None) => log!(ERR, "no probe at {}: no kernel function is there ({})\n", target, errno),
        (EILSEQ, _) => log!(
            ERR,
            "no probe at {}: the offset is inside an instruction; take one that objdump -d shows ({})\n",
            target,
            errno
        ),
        (EINVAL, _) => log!(
            ERR,
            "no probe at {}: the kernel forbids it there: see /sys/kernel/debug/kprobes/blacklist; or it is not \
             the start of an instruction of kernel code, or a jump label, static call or BUG site ({})\n",
            target,
            errno
        ),
        (EOPNOTSUPP, _) => log!(
            ERR,
            "no probe at {}: the kernel can not execute that instruction out of line; try the next one ({})\n",
            target,
            errno
        ),
        _ => log!(ERR, "no probe at {}: the kernel refused it ({})\n", target, errno),
    }
}

/// An error that prints as its name and number: `ENOENT, -2`.
struct Errno(Error);

impl Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.0.name() {
            write!(f, "-{}, ", name.to_str().unwrap_or("?"))?;
        }
        write!(f, "{}", self.0.to_errno())
    }
}
