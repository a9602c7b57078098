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

use crate::{
    bindings, kprobe, kretprobe,
    planted::{Instruction, Planted, Return},
    registration::{check_may_drop, check_may_register, Errno, Stats},
    target::Place,
    Symbol, Target,
};

/// A probe in a module that need not be loaded yet: it is planted when the module is loaded, before any code of it
/// runs, and taken out when the module is unloaded; and so again when it comes back. Dropped, it waits no more.
///
/// Of a module that is just being loaded when this is made, the initialisation may be missed.
///
/// [`kprobe::WhenLoaded`] and [`kretprobe::WhenLoaded`] are the two kinds. Stands on `register_module_notifier()`.
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
pub struct WhenLoaded<T, Kind> {
    /// Before `inner`, as fields are dropped in this order.
    watching: Watching,
    /// In a box of its own, as in [`Planted`]: if this is never dropped, it is leaked.
    inner: Pin<KBox<Inner<T, Kind>>>,
    #[pin]
    _pin: PhantomPinned,
}

/// What the notifier's callback works on.
#[pin_data]
#[repr(C)]
struct Inner<T, Kind> {
    /// First, so that the watch that the callback gets is also this.
    watch: Watch,
    module: CString,
    symbol: CString,
    offset: u32,
    handler: Arc<T>,
    plant: Plant<T, Kind>,
    maxactive: u16,
    #[pin]
    state: Mutex<Inside<T, Kind>>,
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

enum Inside<T, Kind> {
    /// The module is not there.
    Waiting,
    Planted(Pin<KBox<Planted<Arc<T>, Kind>>>),
    /// The module is there, but the kernel refused the probe.
    Refused(Error),
}

type Plant<T, Kind> = fn(Target<'_>, u16, Arc<T>) -> Result<Pin<KBox<Planted<Arc<T>, Kind>>>>;

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

impl<T: kprobe::Handler> WhenLoaded<T, Instruction> {
    /// Plants a probe at `target`, which is `module:function`, when that module is loaded, or now if it is.
    ///
    /// Process context. Must not be called in the callback of a module notifier, nor dropped there.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the target names no module, [`EEXIST`] if that is part of the kernel, and if the module is loaded
    /// now those of [`Kprobe::new`](kprobe::Kprobe::new). The kernel log names the cause and the cure in one line.
    /// A module that is loaded later is not kept from it: if the kernel refuses the probe then, the log says so.
    pub fn new<'a, E>(
        target: Target<'a>,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        Self::init(target, plant_kprobe, 0, handler)
    }
}

impl<T: kretprobe::Handler> WhenLoaded<T, Return> {
    /// Plants a return probe at `target`, which is `module:function`, when that module is loaded, or now if it is;
    /// `maxactive` is that of [`kretprobe::Options`].
    ///
    /// Process context. Must not be called in the callback of a module notifier, nor dropped there.
    ///
    /// # Errors
    ///
    /// [`EINVAL`] if the target names no module, [`EEXIST`] if that is part of the kernel, and if the module is loaded
    /// now those of [`Kretprobe::new`](kretprobe::Kretprobe::new). The kernel log names the cause and the cure in
    /// one line. A module that is loaded later is not kept from it: if the kernel refuses the probe then, the log
    /// says so.
    pub fn new<'a, E>(
        target: Target<'a>,
        maxactive: u16,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        T: 'a,
        E: 'a,
        Error: From<E>,
    {
        Self::init(target, plant_kretprobe, maxactive, handler)
    }
}

fn plant_kprobe<T: kprobe::Handler>(
    target: Target<'_>,
    _maxactive: u16,
    handler: Arc<T>,
) -> Result<Pin<KBox<kprobe::Kprobe<Arc<T>>>>> {
    KBox::pin_init(kprobe::Kprobe::new(target, handler), GFP_KERNEL)
}

fn plant_kretprobe<T: kretprobe::Handler>(
    target: Target<'_>,
    maxactive: u16,
    handler: Arc<T>,
) -> Result<Pin<KBox<kretprobe::Kretprobe<Arc<T>>>>> {
    let options = kretprobe::Options {
        maxactive,
        disabled: false,
    };
    let probe = kretprobe::Kretprobe::with(target, options, handler);
    KBox::pin_init(probe, GFP_KERNEL)
}

impl<T, Kind> WhenLoaded<T, Kind>
where
    T: Send + Sync + 'static,
    Kind: 'static,
{
    fn init<'a, E>(
        target: Target<'a>,
        plant: Plant<T, Kind>,
        maxactive: u16,
        handler: impl PinInit<T, E> + 'a,
    ) -> impl PinInit<Self, Error> + 'a
    where
        E: 'a,
        Error: From<E>,
    {
        try_pin_init!(Self {
            inner: KBox::pin_init::<Error>(
                try_pin_init!(Inner {
                watch: Watch(Opaque::new(bindings::rprobes_watch::default())),
                module: module_of(&target)?,
                symbol: match target.place {
                    Place::Symbol(name) => CString::try_from_fmt(fmt!("{}", BStr::from_bytes(name)))?,
                    Place::Address(_) => return Err(EINVAL),
                },
                offset: target.offset,
                handler: Arc::pin_init(handler, GFP_KERNEL)?,
                plant,
                maxactive,
                state <- new_mutex!(Inside::Waiting, "WhenLoaded::state"),
            } ? Error),
                GFP_KERNEL
            )?,
            watching: inner.as_ref().watch()?,
            _pin: PhantomPinned,
        })
    }

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

impl<T, Kind> Inner<T, Kind>
where
    T: Send + Sync + 'static,
    Kind: 'static,
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
            (*watch).event = Some(event::<T, Kind>);
        }
        // SAFETY: `self` is initialised and in a box, which is freed only after `Watching` is dropped. If it is
        // leaked, the module's list is drained.
        to_result(unsafe { bindings::rprobes_watch_link(watch) }).inspect_err(|error| {
            let why = match *error {
                EEXIST => "it is part of this kernel and no module, so name the function alone",
                _ => "the kernel tells nothing of modules",
            };
            log!(
                ERR,
                "can not wait for {}: {} ({})\n",
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
            *state = match (self.plant)(self.target(), self.maxactive, self.handler.clone()) {
                Ok(probe) => Inside::Planted(probe),
                Err(error) => Inside::Refused(error),
            };
        }
    }
}

impl<T, Kind> Inner<T, Kind> {
    fn target(&self) -> Target<'_> {
        Target::symbol(&self.symbol).offset(self.offset)
    }
}

/// # Safety
///
/// To be called by the helpers only, with the watch of an `Inner<T, Kind>`.
unsafe extern "C" fn event<T, Kind>(watch: *mut bindings::rprobes_watch, there: bool)
where
    T: Send + Sync + 'static,
    Kind: 'static,
{
    // SAFETY: A watch in the list is the first field of one, which lives until it is taken out.
    let inner = unsafe { &*watch.cast::<Inner<T, Kind>>() };
    if there {
        inner.there();
    } else {
        *inner.state.lock() = Inside::Waiting;
    }
}

fn module_of(target: &Target<'_>) -> Result<CString> {
    check_may_register(target)?;
    target.check()?;
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
