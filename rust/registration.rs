// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! One probe in the kernel's tables: how it gets in, and how it is sure to get out.
//!
//! C header: [`include/linux/kprobes.h`](srctree/include/linux/kprobes.h)
//!
//! Three things can go wrong with a `struct kprobe`, and none of them may happen to a safe program:
//!
//! - *It is freed while the kernel still uses it.* The struct is in a box together with its handler, which is given up
//!   only after `unregister_kprobe()` has waited for running handlers. That leaves in its tables a probe that it fails
//!   to disarm, but never one that is disabled: so a probe is disabled first, by force if need be.
//! - *It is forgotten, and the module goes away.* `struct kprobe` has no owner that would keep the module. Every
//!   registered probe is in a list of its module; [`module!`](crate::module!) drains the list last of all.
//! - *It is registered but not armed.* `register_kprobe()` of Linux 7.3 drops the error of arming.
//!   `enable_kprobe()` does not, so a probe is registered disabled and then enabled. That arms nothing while
//!   probes are switched off by the administrator, so the code at the address is looked at, too.

use core::{ffi::CStr, marker::PhantomPinned, ptr::NonNull};

use kernel::{
    error::to_result,
    fmt::{self, Display},
    prelude::*,
    str::{BStr, CStrExt, CString},
    types::Opaque,
};

use crate::{
    arch::{self, Planted},
    bindings::{self, rprobes_probe},
    symbol::{self, Near},
    target::{self, Place, Target},
};

extern "C" {
    /// Defined by [`module!`](crate::module!) and by nothing else. Linking fails, with this name, for a module
    /// that is declared in another way: nothing would drain its list.
    static rprobes_needs_its_module_macro: u8;
}

/// A probe and its handler, side by side, so that a callback finds the handler without following a pointer.
#[pin_data]
#[repr(C)]
pub(crate) struct Probe<T> {
    /// First, so that a node is also its probe.
    #[pin]
    node: Node,
    /// Shared with every CPU from its initialisation on.
    #[pin]
    pub(crate) handler: T,
    /// Not `Unpin` whatever `T` is, so that a pinned `&mut` to it is not the claim that nobody else refers to it.
    #[pin]
    _pin: PhantomPinned,
}

impl<T> Probe<T> {
    /// A probe that is not registered yet.
    pub(crate) fn new<E>(
        target: &Target<'_>,
        callbacks: Callbacks,
        handler: impl PinInit<T, E>,
    ) -> impl PinInit<Self, Error>
    where
        Error: From<E>,
    {
        let node = Node::new(target, callbacks);
        try_pin_init!(Self {
            node: node?,
            handler <- handler,
            _pin: PhantomPinned,
        })
    }
}

/// What the kernel knows of a probe.
///
/// # Invariants
///
/// It is the first field of a [`Probe`]. While registered, the `kprobe` in `probe` is in the kernel's tables, and
/// `probe.link` is in the module's list.
#[repr(C)]
pub(crate) struct Node {
    /// First, so that the `struct kprobe` that a callback gets is also the node. The kernel writes to it at any
    /// time.
    probe: Opaque<rprobes_probe>,
    /// The target as the author or the user wrote it.
    name: CString,
    /// The name that was registered, if it was a name.
    symbol: Option<CString>,
    offset: u32,
}

// SAFETY: The kernel reaches a registered node from any CPU anyhow; what it offers may be called anywhere.
unsafe impl Send for Node {}
// SAFETY: As above: the kernel changes the fields under its own locks, and they are only read here, each in one go.
unsafe impl Sync for Node {}

impl Node {
    /// A node that is not registered yet.
    fn new(target: &Target<'_>, callbacks: Callbacks) -> Result<Self> {
        check_may_register(target)?;
        target.check()?;
        let mut probe = rprobes_probe::default();
        match callbacks {
            Callbacks::Kprobe { pre, post, fault } => {
                probe.rp.kp.pre_handler = pre;
                probe.rp.kp.post_handler = post;
                probe.fault = fault;
            }
            Callbacks::Kretprobe {
                entry,
                ret,
                data_size,
                maxactive,
            } => {
                probe.is_return = true;
                probe.rp.entry_handler = entry;
                probe.rp.handler = ret;
                probe.rp.data_size = data_size;
                probe.rp.maxactive = maxactive;
            }
        }
        Ok(Self {
            probe: Opaque::new(probe),
            name: CString::try_from_fmt(fmt!("{}", target))?,
            symbol: match target.place {
                Place::Symbol(name) => {
                    Some(CString::try_from_fmt(fmt!("{}", BStr::from_bytes(name)))?)
                }
                Place::Address(_) => None,
            },
            offset: target.offset,
        })
    }

    /// The node of the `struct kprobe` that a callback was called with.
    ///
    /// # Safety
    ///
    /// `kp` must be what the kernel passes to a callback of a probe of this crate, and `'a` must end with that
    /// call.
    #[inline(always)]
    pub(crate) unsafe fn from_kprobe<'a>(kp: *mut bindings::kprobe) -> &'a Self {
        // SAFETY: Only nodes are registered by this crate, and `kp` is their first field. The memory lives until
        // after the last callback.
        unsafe { &*kp.cast() }
    }

    /// The node of the call that a callback of a return probe was called for, or none if the probe is gone.
    ///
    /// # Safety
    ///
    /// `instance` must be what the kernel passes to a callback of a return probe of this crate, and `'a` must end
    /// with that call.
    #[inline(always)]
    pub(crate) unsafe fn from_instance<'a>(
        instance: *mut bindings::kretprobe_instance,
    ) -> Option<&'a Self> {
        // SAFETY: The instance holds a pointer to its holder, which lives as long as the instance.
        let holder: *const u8 = unsafe {
            instance
                .byte_add(bindings::RPROBES_INSTANCE_HOLDER as usize)
                .cast::<*const u8>()
                .read()
        };
        // SAFETY: The holder holds a pointer to the `struct kretprobe`, which a node begins with. Without rethook it
        // is cleared when the probe is unregistered.
        let rp: *const Self = unsafe {
            holder
                .byte_add(bindings::RPROBES_HOLDER_PROBE as usize)
                .cast::<*const Self>()
                .read_volatile()
        };
        // SAFETY: As in `from_kprobe`: unregistering waits for callbacks that are running, and no other begins.
        unsafe { rp.as_ref() }
    }

    /// The handler.
    ///
    /// # Safety
    ///
    /// This must be the node of a registered `Probe<T>`, given to a callback by the kernel, and `'a` must end with
    /// that callback.
    #[inline(always)]
    pub(crate) unsafe fn handler<'a, T>(&self) -> &'a T {
        // SAFETY: By the type invariants the node begins a probe, a `Probe<T>` as the caller promises; it lives as
        // long as it is registered, so longer than any callback.
        unsafe { &(*core::ptr::from_ref(self).cast::<Probe<T>>()).handler }
    }

    /// The probed address.
    #[inline(always)]
    pub(crate) fn address(&self) -> usize {
        // SAFETY: The node is allocated. The kernel writes the field while the probe is being registered only, as it
        // never fails to unregister a disabled probe.
        unsafe { (&raw const (*self.kp()).addr).read() as usize }
    }

    /// The target as it was written.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    #[inline(always)]
    fn kp(&self) -> *mut bindings::kprobe {
        self.probe.get().cast()
    }

    /// The state of the probe; the kernel changes it at any time, so each field is true for a moment only.
    pub(crate) fn stats(&self) -> Stats {
        let kp = self.kp();
        // SAFETY: The node is allocated, and these are integers. The kernel counts without a lock.
        let (missed, flags) = unsafe {
            (
                (&raw const (*kp).nmissed).read_volatile(),
                (&raw const (*kp).flags).read_volatile(),
            )
        };
        // SAFETY: As above.
        let exhausted = unsafe { (&raw const (*self.probe.get()).rp.nmissed).read_volatile() };
        let gone = flags & bindings::KPROBE_FLAG_GONE != 0;
        let disabled = flags & bindings::KPROBE_FLAG_DISABLED != 0;
        Stats {
            missed,
            exhausted: exhausted as usize,
            optimised: !gone && !disabled && arch::planted(self.address()) == Planted::Jump,
            on_ftrace: flags & bindings::KPROBE_FLAG_FTRACE != 0,
            gone,
            disabled,
        }
    }
}

/// What became of a probe so far, and how it is planted: a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Hits for which no handler was called, as another probe's handler was running on that CPU. C: `kp.nmissed`.
    pub missed: usize,
    /// Calls that a return probe did not follow, as `maxactive` others were under way. C: `rp.nmissed`.
    pub exhausted: usize,
    /// The kernel has replaced the breakpoint by a jump, which is several times cheaper.
    pub optimised: bool,
    /// Called by ftrace instead of through a breakpoint.
    pub on_ftrace: bool,
    /// The probed module was unloaded. The probe can only be dropped.
    pub gone: bool,
    /// Switched off by `disable`, or not yet switched on.
    pub disabled: bool,
}

/// Called when the probed instruction traps: the probe, the registers, the trap number, and the address.
pub(crate) type InstructionFault =
    unsafe extern "C" fn(*mut rprobes_probe, *mut bindings::pt_regs, c_uint, usize);

/// The callbacks of a probe.
pub(crate) enum Callbacks {
    Kprobe {
        pre: bindings::kprobe_pre_handler_t,
        post: bindings::kprobe_post_handler_t,
        fault: Option<InstructionFault>,
    },
    Kretprobe {
        entry: bindings::kretprobe_handler_t,
        ret: bindings::kretprobe_handler_t,
        data_size: usize,
        maxactive: c_int,
    },
}

/// A registered probe; unregisters on drop.
///
/// # Invariants
///
/// The node is registered, and this is the only registration of it, unless the module's list was drained.
pub(crate) struct Registration(NonNull<Node>);

// SAFETY: The node is reached from any CPU already, by the kernel; what this type offers may be called anywhere.
unsafe impl Send for Registration {}
// SAFETY: As above; enabling and disabling take the kernel's lock.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers a probe and, if `armed`, arms it. Process context. On error the cause is in the kernel log, and
    /// nothing is registered.
    ///
    /// # Safety
    ///
    /// `node` must be that of an initialised and pinned [`Probe`], whose callbacks are sound to call with it, from
    /// now on until the registration is dropped or the module's list is drained.
    pub(crate) unsafe fn new(
        node: NonNull<Node>,
        target: &Target<'_>,
        armed: bool,
    ) -> Result<Self> {
        // SAFETY: The caller promises the same.
        let registration = unsafe { Self::disabled(node, target) }?;
        check_unambiguous(core::slice::from_ref(&registration))?;
        if armed {
            registration.arm()?;
        }
        Ok(registration)
    }

    /// Registers a probe disabled. The caller is yet to check that the name is that of one function only.
    ///
    /// # Safety
    ///
    /// See [`new`](Self::new).
    pub(crate) unsafe fn disabled(node: NonNull<Node>, target: &Target<'_>) -> Result<Self> {
        // The address of the symbol is all that matters: it makes the linker ask for the definition.
        core::hint::black_box(&raw const rprobes_needs_its_module_macro);
        check_may_register(target)?;
        // SAFETY: It is initialised and not registered, so nobody else refers to it.
        unsafe { &mut *node.as_ptr() }.plant(target)?;
        let probe: *mut rprobes_probe = node.as_ptr().cast();
        // SAFETY: The node is registered, and in no list.
        unsafe { bindings::rprobes_probe_link(probe) };
        // INVARIANT: It is registered and in the list.
        let registration = Self(node);
        // SAFETY: The field is not written any more.
        if unsafe { (*probe).fault }.is_some() {
            // SAFETY: The node is registered, and in no list of faults. It is taken out when it is unregistered.
            to_result(unsafe { bindings::rprobes_fault_link(probe) }).inspect_err(|error| {
                log!(
                    ERR,
                    "no probe with a fault handler: the kernel does not report traps ({})\n",
                    Errno(*error)
                );
            })?;
        }
        Ok(registration)
    }

    pub(crate) fn node(&self) -> &Node {
        // SAFETY: The node lives until this is dropped.
        unsafe { self.0.as_ref() }
    }

    /// Arms the probe. Process context.
    pub(crate) fn arm(&self) -> Result {
        let node = self.node();
        // SAFETY: The probe is registered.
        to_result(unsafe { bindings::enable_kprobe(node.kp()) }).inspect_err(|error| {
            let stats = node.stats();
            if stats.gone {
                log!(
                    ERR,
                    "no probe at {}: its module was unloaded ({})\n",
                    node.name(),
                    Errno(*error)
                );
            } else {
                let why = match *error {
                    EBUSY => "a livepatch changes that function, and the handler has a post, redirects or has a fault",
                    _ => "the kernel log may say more",
                };
                log!(
                    ERR,
                    "the kernel could not arm the probe at {}: {} ({})\n",
                    node.name(),
                    why,
                    Errno(*error)
                );
            }
        })?;
        let stats = node.stats();
        let armed = stats.on_ftrace || arch::planted(node.address()) != Planted::Nothing;
        if armed && !stats.disabled {
            return Ok(());
        }
        log!(
            ERR,
            "the probe at {} is not armed: probes are switched off on this machine (echo 1 > \
             /sys/kernel/debug/kprobes/enabled), or it was disabled meanwhile\n",
            node.name()
        );
        Err(EBUSY)
    }

    /// Disarms the probe; handlers that are running may still run. Process context.
    pub(crate) fn disarm(&self) -> Result {
        // SAFETY: The probe is registered.
        to_result(unsafe { bindings::disable_kprobe(self.node().kp()) })
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        check_may_drop();
        let probe = self.0.as_ptr().cast();
        // SAFETY: The node is allocated, and was linked once.
        if unsafe { bindings::rprobes_probe_unlink(probe) } {
            // SAFETY: It is registered, as it was in the list, and not for anybody else to unregister any more.
            unsafe { unregister(probe) };
        }
    }
}

impl Node {
    /// Registers the probe disabled. On error the cause is in the kernel log, and nothing is registered.
    fn plant(&mut self, target: &Target<'_>) -> Result {
        let mut result = self.register(target);
        if let (Err(ENOENT), Some(old)) = (result, &self.symbol) {
            if let Some((new, since)) = target::renamed(old.to_bytes()) {
                let old = self.symbol.replace(CString::try_from(new)?);
                result = self.register(target);
                if result.is_ok() {
                    if let Some(old) = old {
                        log!(
                            INFO,
                            "{} is {} since Linux {}: probing that\n",
                            &*old,
                            new,
                            since
                        );
                    }
                }
            }
        }
        result
            .inspect_err(|error| explain(*error, target, self.symbol.as_deref(), self.is_return()))
    }

    fn is_return(&self) -> bool {
        // SAFETY: The node is allocated; the field is never written after it was made.
        unsafe { (*self.probe.get()).is_return }
    }

    /// Gives the probe to the kernel, disabled.
    fn register(&mut self, target: &Target<'_>) -> Result {
        let kp = self.kp();
        // SAFETY: The node is allocated and not registered, so it is ours.
        let post = unsafe { (*kp).post_handler.take() };
        let mut result = self.register_once(target);
        if post.is_some() {
            if result.is_ok() {
                // SAFETY: `kp` is registered.
                if unsafe { bindings::rprobes_kprobe_has_company_without_post(kp) } {
                    result = Err(EBUSY);
                }
                // SAFETY: It is registered, and disabled.
                unsafe { bindings::unregister_kprobes(&mut self.kp(), 1) };
            }
            // SAFETY: It is not registered any more.
            unsafe { (*kp).post_handler = post };
            if result.is_ok() {
                result = self.register_once(target);
            }
        }
        result
    }

    fn register_once(&mut self, target: &Target<'_>) -> Result {
        let kp = self.kp();
        // SAFETY: The node is allocated and not registered, so it is ours. A failed registration has written to
        // `addr` and `flags`, so all four are set again.
        unsafe {
            (*kp).symbol_name = self
                .symbol
                .as_deref()
                .map_or(core::ptr::null(), CStrExt::as_char_ptr);
            (*kp).addr = match target.place {
                Place::Symbol(_) => core::ptr::null_mut(),
                Place::Address(address) => address as *mut bindings::kprobe_opcode_t,
            };
            (*kp).offset = target.offset;
            (*kp).flags = bindings::KPROBE_FLAG_DISABLED;
        }
        // SAFETY: The probe is filled in and not registered. It stays where it is: the caller has it in a box, and
        // gives that up only after unregistering. The callbacks are for this node.
        let result = to_result(unsafe {
            if self.is_return() {
                bindings::register_kretprobe(self.probe.get().cast())
            } else {
                bindings::register_kprobe(kp)
            }
        });
        // SAFETY: The name is needed for the registration alone, and nobody else writes to this field.
        unsafe { (*kp).symbol_name = core::ptr::null() };
        result
    }
}

/// Unregisters what is left in the module's list. Called when the module goes away, as the last thing.
///
/// The probes themselves stay where they are, as they were leaked. An owner that is dropped after all finds its
/// probe unregistered.
pub(crate) fn drain() {
    /// # Safety
    ///
    /// To be called by the helper only, with a probe that it has just taken off the list.
    unsafe extern "C" fn unregister_leaked(probe: *mut rprobes_probe) {
        // SAFETY: What was linked is a live node: an owner that is being dropped waits for the lock of the list.
        let name = unsafe { &*probe.cast::<Node>() }.name();
        log!(
            WARNING,
            "the probe at {} was leaked (mem::forget, or a reference cycle?); unregistering it\n",
            name
        );
        // SAFETY: It is registered, as it was in the list.
        unsafe { unregister(probe) };
    }

    // SAFETY: The module goes away; no probe of it is to be planted any more.
    unsafe { bindings::rprobes_watch_drain() };
    // SAFETY: The callback does what is asked of it.
    unsafe { bindings::rprobes_probe_drain(Some(unregister_leaked)) };
}

/// Unregisters a probe and waits for its handlers. After this no callback of it runs, and the kernel does not know
/// it any more.
///
/// # Safety
///
/// `probe` must be that of a node that is registered.
unsafe fn unregister(probe: *mut rprobes_probe) {
    // SAFETY: It is registered, hence allocated.
    let node = unsafe { &*probe.cast::<Node>() };
    // SAFETY: It is registered.
    unsafe {
        bindings::rprobes_fault_unlink(probe);
        bindings::rprobes_kprobe_disable(node.kp());
        if node.is_return() {
            bindings::unregister_kretprobes(&mut probe.cast(), 1);
        } else {
            bindings::unregister_kprobes(&mut node.kp(), 1);
        }
    }
}

/// Refuses symbols that are the names of several functions, as the kernel would take any one of them, and offsets
/// beyond the end of a function.
pub(crate) fn check_unambiguous(registrations: &[Registration]) -> Result {
    // Those of the kernel itself need one walk for all; it is a long one.
    let mut names = KVec::with_capacity(registrations.len(), GFP_KERNEL)?;
    let mut address = 0;
    for registration in registrations {
        let node = registration.node();
        node.check_offset()?;
        let Some(name) = node.function() else {
            continue;
        };
        if symbol::is_in_module(node.address()) {
            let mut of_module = [(name, 0)];
            symbol::count(&mut of_module, node.address());
            refuse_ambiguous(of_module[0])?;
        } else {
            names.push((name, 0), GFP_KERNEL)?;
            address = node.address();
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    names.sort_unstable();
    let mut distinct: KVec<(&[u8], usize)> = KVec::with_capacity(names.len(), GFP_KERNEL)?;
    for name in names {
        if distinct.last().is_none_or(|last| last.0 != name.0) {
            distinct.push(name, GFP_KERNEL)?;
        }
    }
    symbol::count(&mut distinct, address);
    distinct.into_iter().try_for_each(refuse_ambiguous)
}

/// None is an alias, which kallsyms shows under another name.
fn refuse_ambiguous((name, count): (&[u8], usize)) -> Result {
    if count <= 1 {
        return Ok(());
    }
    log!(
        ERR,
        "{} is the name of {} functions; give the address of the one you mean (see /proc/kallsyms)\n",
        BStr::from_bytes(name),
        count
    );
    Err(EADDRNOTAVAIL)
}

impl Node {
    /// The function that was registered by name, without its module.
    fn function(&self) -> Option<&[u8]> {
        let name = self.symbol.as_ref()?.to_bytes();
        Some(
            name.iter()
                .position(|&c| c == b':')
                .map_or(name, |colon| &name[colon + 1..]),
        )
    }

    /// Refuses an offset that has led into the next function.
    fn check_offset(&self) -> Result {
        let inside = symbol::offset(self.address());
        if self.symbol.is_none() || inside.is_none_or(|inside| inside >= self.offset as usize) {
            return Ok(());
        }
        log!(
            ERR,
            "no probe at {}: the offset is beyond the end of the function\n",
            self.name()
        );
        Err(EINVAL)
    }
}

/// Unregisters probes with one grace period for all kprobes and one for all return probes, instead of one each.
///
/// `kps` and `rps` have room for as many; there may be no memory for them at this time.
pub(crate) fn unregister_all(
    registrations: KVec<Registration>,
    kps: &mut KVec<*mut bindings::kprobe>,
    rps: &mut KVec<*mut bindings::kretprobe>,
) {
    check_may_drop();
    for registration in &registrations {
        let probe: *mut rprobes_probe = registration.0.as_ptr().cast();
        // SAFETY: The node is allocated and was linked once. What was in the list is registered.
        let is_ours = unsafe { bindings::rprobes_probe_unlink(probe) };
        if !is_ours {
            continue;
        }
        let node = registration.node();
        // SAFETY: It is registered.
        unsafe { bindings::rprobes_fault_unlink(probe) };
        // SAFETY: As above.
        unsafe { bindings::rprobes_kprobe_disable(node.kp()) };
        // These do not fail: there is room.
        let _ = if node.is_return() {
            rps.push(probe.cast(), GFP_ATOMIC)
        } else {
            kps.push(node.kp(), GFP_ATOMIC)
        };
    }
    // SAFETY: All of them are registered and disabled. The kernel does nothing for none.
    unsafe {
        bindings::unregister_kprobes(kps.as_mut_ptr(), kps.len() as c_int);
        bindings::unregister_kretprobes(rps.as_mut_ptr(), rps.len() as c_int);
    }
    // They are in no list any more, so there is nothing left to do for them.
    drop(registrations);
}

/// Refuses to go on where making a probe would sleep: to allocate, or to register.
pub(crate) fn check_may_register(target: &Target<'_>) -> Result {
    // SAFETY: May be called at any time.
    if unsafe { bindings::rprobes_may_sleep() } {
        return Ok(());
    }
    log!(
        ERR,
        "no probe at {}: probes are registered in process context, not in a handler\n",
        target
    );
    Err(EDEADLK)
}

/// Stops the machine rather than free a probe under its running handler.
pub(crate) fn check_may_drop() {
    // SAFETY: May be called at any time.
    if !unsafe { bindings::rprobes_may_sleep() } {
        // SAFETY: This never returns.
        unsafe { bindings::rprobes_dropped_in_handler() };
    }
}

/// Says in the log, in one line, why the kernel refused a probe, and what to do.
fn explain(error: Error, target: &Target<'_>, symbol: Option<&CStr>, is_return: bool) {
    let errno = Errno(error);
    let is_in_module = symbol.is_some_and(|name| name.to_bytes().contains(&b':'));
    match (error, symbol) {
        (ENOENT, Some(_)) if is_in_module => log!(
            ERR,
            "no probe at {}: no such function, or its module is not loaded: load it first, or let WhenLoaded wait \
             for it ({})\n",
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
        (EBUSY, _) => log!(
            ERR,
            "no probe with a post handler at {}: there is one without already, and the kernel breaks if this one \
             joins it; plant this one first, or leave out post ({})\n",
            target,
            errno
        ),
        (EILSEQ, _) => log!(
            ERR,
            "no probe at {}: the offset is inside an instruction; take one that objdump -d shows ({})\n",
            target,
            errno
        ),
        (EINVAL, _) if is_return && target.offset != 0 => log!(
            ERR,
            "no return probe at {}: it must be at the entry of a function, so without an offset ({})\n",
            target,
            errno
        ),
        (EOPNOTSUPP, _) if is_return => log!(
            ERR,
            "no return probe at {}: this kernel is built without CONFIG_KRETPROBES ({})\n",
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
pub(crate) struct Errno(pub(crate) Error);

impl Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = self.0.name() {
            write!(f, "-{}, ", name.to_str().unwrap_or("?"))?;
        }
        write!(f, "{}", self.0.to_errno())
    }
}
