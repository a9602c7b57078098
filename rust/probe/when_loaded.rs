// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes in modules that come and go.
//!
//! C header: [`include/linux/module.h`](srctree/include/linux/module.h)
//!
//! ```text
//!  WhenLoaded::new
//!      |
//!      v         the module is loaded
//!  it waits  ----------------------------->  planted
//!            <-----------------------------
//!                the module is unloaded
//! ```

use core::{marker::PhantomPinned, ptr::NonNull};

use kernel::{
    error::to_result,
    new_mutex,
    prelude::*,
    str::{BStr, CStrExt, CString},
    sync::{Arc, Mutex},
    types::Opaque,
};

use super::{
    kind::{Handles, Kind},
    planted::Planted,
    process_context::{check_may_drop, check_may_register},
    Stats,
};
use crate::{
    bindings,
    errno::{self, Errno},
    place::{Place, Symbol, Target},
};

/// A probe in a module that need not be loaded yet: it is planted when the module is loaded, before any code of it
/// runs, and removed when the module is unloaded; and so again when it comes back. Once dropped, it waits no more.
///
/// If a module is just being loaded when this is made, its initialisation may be missed.
///
/// [`kprobe::WhenLoaded`](crate::kprobe::WhenLoaded) and [`kretprobe::WhenLoaded`](crate::kretprobe::WhenLoaded) are the
/// two kinds. Stands on `register_module_notifier()`.
///
/// # Examples
///
/// ```
/// use kernel::prelude::*;
/// use rprobes::{kprobe::{self, PreContext}, Target};
///
/// struct Say;
///
/// #[vtable]
/// impl kprobe::Handler for Say {
///     fn pre(&self, cx: &PreContext<'_>) {
///         pr_info!("{} was reached\n", cx.address());
///     }
/// }
///
/// fn plant() -> Result<Pin<KBox<kprobe::WhenLoaded<Say>>>> {
///     KBox::pin_init(
///         kprobe::WhenLoaded::new(Target::symbol(c"ext4:ext4_sync_file"), Say),
///         GFP_KERNEL,
///     )
/// }
/// ```
#[pin_data]
#[doc(alias = "register_module_notifier")]
pub struct WhenLoaded<T, K: Kind> {
    /// Before `inner`, as fields are dropped in this order.
    watching: Watching,
    /// In a box of its own, as in [`Planted`]: if this is never dropped, it is leaked.
    inner: Pin<KBox<Inner<T, K>>>,
    #[pin]
    _pin: PhantomPinned,
}

/// What the notifier's callback works on.
#[pin_data]
#[repr(C)]
struct Inner<T, K: Kind> {
    /// First, so that the watch that the callback gets is also this.
    watch: Watch,
    module: CString,
    symbol: CString,
    position: u32,
    offset: u32,
    handler: Arc<T>,
    options: K::Options,
    #[pin]
    state: Mutex<Inside<T, K>>,
}

/// Where a [`WhenLoaded`] stands at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// The module is not loaded.
    Waiting,
    /// The module is loaded, and the probe is planted at this address.
    Planted(Symbol),
    /// The module is loaded, but the kernel refused the probe; the kernel log says why.
    Refused,
}

enum Inside<T, K: Kind> {
    /// The module is not there.
    Waiting,
    Planted(Pin<KBox<Planted<Arc<T>, K>>>),
    /// The module is there, but the kernel refused the probe.
    Refused(Error),
}

#[repr(transparent)]
struct Watch(Opaque<bindings::rprobes_watch>);

// SAFETY: Only the helpers use what is inside, under their own lock.
unsafe impl Send for Watch {}
// SAFETY: As above.
unsafe impl Sync for Watch {}

/// A watch in the list of the helpers; takes it out on drop.
struct Watching(NonNull<bindings::rprobes_watch>);

// SAFETY: What it does on drop may be done anywhere that may sleep.
unsafe impl Send for Watching {}
// SAFETY: It offers nothing else.
unsafe impl Sync for Watching {}

impl Drop for Watching {
    fn drop(&mut self) {
        check_may_drop();
        // SAFETY: It is initialised, and was linked once.
        unsafe { bindings::rprobes_watch_unlink(self.0.as_ptr()) };
    }
}

impl<T, K> WhenLoaded<T, K>
where
    T: Send + Sync + 'static,
    K: Handles<Arc<T>>,
{
    /// Plants a probe at `target`, which is `module:function`, when that module is loaded, or now if it is.
    ///
    /// Process context. Must not be called in the callback of a module notifier, nor dropped there.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the target names no module, [`EEXIST`] if that is part of the kernel, and if the module is loaded
    /// now those of [`Planted::new`]. The kernel log names the cause and the cure in one line. A module that is loaded
    /// later is not kept from it: if the kernel refuses the probe then, the log says so.
    pub fn new<'a, E>(
        target: Target<'a, K::Function>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        Self::with(target, K::Options::default(), handler)
    }

    /// As [`new`](Self::new), with the options of the kind of probe.
    pub fn with<'a, E>(
        target: Target<'a, K::Function>,
        options: K::Options,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        let target = target.of_function();
        try_pin_init!(Self {
            inner: KBox::pin_init::<Error>(
                try_pin_init!(Inner {
                watch: Watch(Opaque::new(bindings::rprobes_watch::default())),
                module: module_of(&target)?,
                symbol: match target.place {
                    Place::Symbol(name) => CString::try_from_fmt(fmt!("{}", BStr::from_bytes(name)))?,
                    _ => return Err(EINVAL),
                },
                position: target.position,
                offset: target.offset,
                handler: Arc::pin_init(handler, GFP_KERNEL)?,
                options,
                state <- new_mutex!(Inside::Waiting, "WhenLoaded::state"),
            } ? Error),
                GFP_KERNEL
            )?,
            watching: inner.as_ref().watch()?,
            _pin: PhantomPinned,
        })
    }
}

impl<T, K: Kind> WhenLoaded<T, K> {
    /// The handler, to read what it has gathered. Any context.
    pub fn handler(&self) -> &T {
        &self.inner.handler
    }

    /// Whether it is planted, and where. Process context.
    pub fn state(&self) -> State {
        match &*self.inner.state.lock() {
            Inside::Waiting => State::Waiting,
            Inside::Planted(probe) => State::Planted(probe.address()),
            Inside::Refused(_) => State::Refused,
        }
    }

    /// How the probe is planted and how many hits it missed, since the module was loaded. Process context.
    pub fn stats(&self) -> Option<Stats> {
        match &*self.inner.state.lock() {
            Inside::Planted(probe) => probe.stats(),
            _ => None,
        }
    }
}

impl<T, K> Inner<T, K>
where
    T: Send + Sync + 'static,
    K: Handles<Arc<T>>,
{
    /// Waits for the module from now on, and plants the probe if the module is there.
    fn watch(self: Pin<&Self>) -> Result<Watching> {
        // To the whole, which begins with it: the callback goes from one to the other.
        let watch = core::ptr::from_ref(self.get_ref())
            .cast_mut()
            .cast::<bindings::rprobes_watch>();
        // SAFETY: It is in no list yet, so nobody else uses it.
        unsafe {
            (*watch).module = self.module.as_char_ptr();
            (*watch).event = Some(event::<T, K>);
        }
        // SAFETY: `self` is initialised and in a box, which is freed only after `Watching` is dropped. If it is
        // leaked, the module's list is drained.
        to_result(unsafe { bindings::rprobes_watch_link(watch) }).inspect_err(|error| {
            let why = match *error {
                EEXIST => "it is part of this kernel and no module, so name the function alone",
                _ if errno::is(*error, kernel::bindings::ESHUTDOWN) => {
                    "this module is being unloaded"
                }
                _ => "this kernel does not announce modules",
            };
            log!(
                ERR,
                "cannot wait for {}: {} ({})\n",
                &*self.module,
                why,
                Errno(*error)
            );
        })?;
        // SAFETY: It is not null.
        let watching = Watching(unsafe { NonNull::new_unchecked(watch) });
        let refused = match &*self.state.lock() {
            Inside::Refused(error) => Some(*error),
            _ => None,
        };
        // Not with the lock held: going away waits for callbacks, which take it.
        refused.map_or(Ok(watching), Err)
    }

    fn there(&self) {
        let mut state = self.state.lock();
        // A module is announced twice: before its initialisation, and after it.
        if let Inside::Waiting = *state {
            let probe = Planted::with(
                self.target().of_function(),
                self.options,
                self.handler.clone(),
            );
            *state = match KBox::pin_init(probe, GFP_KERNEL) {
                Ok(probe) => Inside::Planted(probe),
                Err(error) => Inside::Refused(error),
            };
        }
    }
}

impl<T, K: Kind> Inner<T, K> {
    fn target(&self) -> Target<'_> {
        Target::symbol(&self.symbol)
            .position(self.position)
            .offset(self.offset)
    }
}

/// # Safety
///
/// To be called by the helpers only, with the watch of an `Inner<T, K>`.
unsafe extern "C" fn event<T, K>(watch: *mut bindings::rprobes_watch, there: bool)
where
    T: Send + Sync + 'static,
    K: Handles<Arc<T>>,
{
    // SAFETY: A watch in the list is the first field of one, which lives until it is taken out.
    let inner = unsafe { &*watch.cast::<Inner<T, K>>() };
    if there {
        inner.there();
    } else {
        *inner.state.lock() = Inside::Waiting;
    }
}

fn module_of(target: &Target<'_>) -> Result<CString> {
    check_may_register(target)?;
    target.check()?;
    if let Place::Tracepoint(_) = target.place {
        log!(
            ERR,
            "cannot wait for the tracepoint {}: a probe there keeps the module loaded, so load that first\n",
            target
        );
        return Err(EINVAL);
    }
    let Some(module) = target.module() else {
        log!(
            ERR,
            "{} names no module to wait for: write module:function\n",
            target
        );
        return Err(EINVAL);
    };
    CString::try_from_fmt(fmt!("{}", BStr::from_bytes(module)))
}
