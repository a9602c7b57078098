// SPDX-License-Identifier: GPL-2.0
// Copyright (C) 2026 The rprobes authors

//! Probes on functions of functions_target, which this module calls. Prints what its handlers saw.

use core::hint::black_box;

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{Atomic, Relaxed},
        Arc, Mutex,
    },
    time::{delay::fsleep, Delta},
};
use rprobes::{
    fprobe::{self, Entry, EntryContext, Fprobe, Functions, Mechanism, Options, RetContext},
    hook::{Hook, HookContext, Replacement, Returned},
    types::Signature,
    Target,
};

rprobes::module! {
    type: Module,
    name: "functions",
    authors: ["The rprobes authors"],
    description: "Function probes on functions_target",
    license: "GPL",
    params: {
        what: string { default: "cases", description: "What to do" },
        functions: string { default: "", description: "Which functions to probe" },
        mechanism: string { default: "", description: "By which mechanism" },
        maxactive: u16 { default: 0, description: "How many calls a kretprobe follows at a time" },
    },
}

rprobes::kernel_types! {
    fn functions_target:functions_target_add;
    fn functions_target:functions_target_negative;
    fn functions_target:functions_target_nothing;
    fn functions_target:functions_target_two;
    fn functions_target:functions_target_sum;
    fn functions_target:functions_target_six;
    fn functions_target:functions_target_ten;
    fn functions_target:functions_target_large;
    fn functions_target:functions_target_sleep;
    fn functions_target:functions_target_exit;
    fn cmdline_proc_show;
    fn kernel_clone;
}

/// The functions themselves.
mod c {
    #[repr(C)]
    pub(crate) struct Two {
        pub(crate) first: isize,
        pub(crate) second: isize,
    }

    #[repr(C)]
    pub(crate) struct Large(pub(crate) [isize; 3]);

    // They do what they do with whatever they are given.
    unsafe extern "C" {
        pub(crate) safe fn functions_target_add(a: usize, b: usize) -> usize;
        pub(crate) safe fn functions_target_negative(n: i32) -> i32;
        pub(crate) safe fn functions_target_nothing(seen: &mut usize);
        pub(crate) safe fn functions_target_two(first: isize, second: isize) -> Two;
        pub(crate) safe fn functions_target_sum(n: usize) -> usize;
        pub(crate) safe fn functions_target_six(
            a: isize,
            b: isize,
            c: isize,
            d: isize,
            e: isize,
            f: isize,
        ) -> isize;
        #[allow(clippy::too_many_arguments)]
        pub(crate) safe fn functions_target_ten(
            a: isize,
            b: isize,
            c: isize,
            d: isize,
            e: isize,
            f: isize,
            g: isize,
            h: isize,
            i: isize,
            j: isize,
        ) -> isize;
        pub(crate) safe fn functions_target_large(before: i32, value: Large, after: i32) -> isize;
        pub(crate) safe fn functions_target_untraced(n: usize) -> usize;
        pub(crate) safe fn functions_target_reached();
        pub(crate) safe fn functions_target_run_exit();
        pub(crate) safe fn functions_target_call_many() -> usize;
    }
}

/// What handlers saw.
struct Seen {
    entries: Atomic<usize>,
    returns: Atomic<usize>,
    /// The last first argument, and the last result.
    argument: Atomic<usize>,
    value: Atomic<usize>,
    /// Returns that got other data than that of their call, or saw something else that cannot be.
    wrong: Atomic<usize>,
    /// Entries with this first argument are skipped.
    skip: usize,
    /// Whether `entry` calls another function, and which.
    reaches: fn(),
}

const NO: usize = usize::MAX;

fn nothing() {}

impl Seen {
    fn new() -> Self {
        Self::reaching(nothing)
    }

    fn reaching(reaches: fn()) -> Self {
        Self {
            entries: Atomic::new(0),
            returns: Atomic::new(0),
            argument: Atomic::new(0),
            value: Atomic::new(0),
            wrong: Atomic::new(0),
            skip: NO,
            reaches,
        }
    }

    fn skipping(skip: usize) -> Self {
        Self {
            skip,
            ..Self::new()
        }
    }

    fn expect(&self, good: bool) {
        if !good {
            self.wrong.fetch_add(1, Relaxed);
        }
    }

    fn report(&self, name: &str) {
        pr_info!(
            "{}: entries {}, returns {}, argument {}, value {}, wrong {}\n",
            name,
            self.entries.load(Relaxed),
            self.returns.load(Relaxed),
            self.argument.load(Relaxed) as isize,
            self.value.load(Relaxed) as isize,
            self.wrong.load(Relaxed)
        );
    }
}

/// Looks at the entries only.
struct AtEntry(Seen);

#[vtable]
impl<F: Signature> fprobe::Handler<F> for AtEntry {
    type Data = ();

    fn entry(&self, cx: &EntryContext<'_, F>) -> Entry<()> {
        self.0.entries.fetch_add(1, Relaxed);
        self.0.argument.store(cx.regs().arg(0), Relaxed);
        (self.0.reaches)();
        Entry::Skip
    }
}

/// Looks at returns only.
struct AtReturn(Seen);

#[vtable]
impl<F: Signature> fprobe::Handler<F> for AtReturn {
    type Data = ();

    fn ret(&self, cx: &RetContext<'_, F>, _data: &()) {
        self.0.returns.fetch_add(1, Relaxed);
        self.0.value.store(cx.regs().return_value(), Relaxed);
        (self.0.reaches)();
    }
}

/// Data that shows whether each return gets that of its own call.
#[derive(Clone, Copy)]
struct Call {
    argument: usize,
    stack: usize,
    padding: [u8; 40],
}

/// Looks at both.
struct Both(Seen);

#[vtable]
impl<F: Signature> fprobe::Handler<F> for Both {
    type Data = Call;

    fn entry(&self, cx: &EntryContext<'_, F>) -> Entry<Call> {
        let argument = cx.regs().arg(0);
        self.0.entries.fetch_add(1, Relaxed);
        self.0.argument.store(argument, Relaxed);
        (self.0.reaches)();
        if argument == self.0.skip {
            return Entry::Skip;
        }
        Entry::Trace(Call {
            argument,
            stack: cx.regs().sp(),
            padding: [argument as u8; 40],
        })
    }

    fn ret(&self, cx: &RetContext<'_, F>, call: &Call) {
        self.0.returns.fetch_add(1, Relaxed);
        self.0.value.store(cx.regs().return_value(), Relaxed);
        self.0.expect(call.padding == [call.argument as u8; 40]);
        // Calls are a stack: the data is that of the call which returns.
        self.0.expect(cx.regs().sp().wrapping_sub(call.stack) <= 16);
    }
}

fn asked_for() -> Result<Option<Mechanism>> {
    let text = params::mechanism.get()?;
    Ok(match &*text {
        b"direct" => Some(Mechanism::Direct),
        b"ftrace" => Some(Mechanism::Ftrace),
        b"fprobe" => Some(Mechanism::Fprobe),
        b"kprobe" => Some(Mechanism::Kprobe),
        _ => None,
    })
}

fn options(mechanism: Option<Mechanism>) -> Options {
    Options {
        mechanism,
        maxactive: params::maxactive.value(),
        ..Options::default()
    }
}

type Planted<T, F> = Result<Pin<KBox<Fprobe<T, F>>>>;

fn plant<'a, T, F>(functions: impl Into<Functions<'a, F>>, handler: T) -> Planted<T, F>
where
    F: Signature,
    T: fprobe::Handler<F>,
{
    let fprobe = Fprobe::with(functions, options(asked_for()?), Ok::<_, Error>(handler));
    KBox::pin_init(fprobe, GFP_KERNEL)
}

/// How it is planted, what it missed.
fn state<T, F: Signature>(name: &str, fprobe: &Fprobe<T, F>) {
    if let Some(stats) = fprobe.stats() {
        pr_info!(
            "{}: by {}, {} functions, missed {}, exhausted {}, not followed {}\n",
            name,
            stats.mechanism,
            fprobe.functions().len(),
            stats.missed,
            stats.exhausted,
            stats.not_followed
        );
    }
}

fn call_add(a: usize) -> usize {
    black_box(c::functions_target_add(black_box(a), 2))
}

/// A case that may be refused, where the mechanism is asked for.
fn case(name: &str, run: impl FnOnce() -> Result) {
    if let Err(error) = run() {
        pr_info!("{}: refused ({})\n", name, error.to_errno());
    }
}

/// The cases of the kernel's lib/tests/test_fprobe.c.
fn kernels_own() {
    let targets = [
        functions_target_add::TARGET.raw(),
        functions_target_sum::TARGET.raw(),
    ];
    case("entry", || {
        let fprobe = plant(Functions::list(&targets), AtEntry(Seen::new()))?;
        call_add(40);
        c::functions_target_sum(0);
        fprobe.handler().0.report("entry");
        state("entry", &fprobe);
        Ok(())
    });
    case("both", || {
        let pattern = Functions::matching(c"functions_target:functions_target_[an]*");
        let fprobe = plant(pattern, Both(Seen::new()))?;
        call_add(40);
        c::functions_target_negative(3);
        fprobe.handler().0.report("both");
        state("both", &fprobe);
        Ok(())
    });
    case("syms", || {
        let fprobe = plant(Functions::list(&targets), Both(Seen::new()))?;
        call_add(40);
        c::functions_target_sum(0);
        fprobe.handler().0.report("syms");
        Ok(())
    });
    case("data", || {
        let fprobe = plant(functions_target_add::TARGET, Both(Seen::new()))?;
        call_add(40);
        fprobe.handler().0.report("data");
        state("data", &fprobe);
        Ok(())
    });
    case("skip", || {
        let fprobe = plant(functions_target_add::TARGET, Both(Seen::skipping(40)))?;
        call_add(40);
        call_add(41);
        fprobe.handler().0.report("skip");
        state("skip", &fprobe);
        Ok(())
    });
    case("multi", || {
        let first = plant(functions_target_add::TARGET, AtEntry(Seen::new()))?;
        let second = plant(functions_target_add::TARGET, Both(Seen::new()))?;
        let third = plant(functions_target_add::TARGET, AtReturn(Seen::new()))?;
        let many = plant(Functions::list(&targets), Both(Seen::new()))?;
        call_add(40);
        first.handler().0.report("multi 1");
        second.handler().0.report("multi 2");
        third.handler().0.report("multi 3");
        many.handler().0.report("multi 4");
        state("multi 1", &first);
        state("multi 2", &second);
        state("multi 3", &third);
        state("multi 4", &many);
        drop(first);
        drop(many);
        call_add(41);
        second.handler().0.report("multi 2");
        third.handler().0.report("multi 3");
        Ok(())
    });
}

/// Arguments and results of all kinds get through.
struct Results(Seen);

macro_rules! results {
    ($($function:ident: $value:ident => $good:expr;)*) => {
        $(
            #[vtable]
            impl fprobe::Handler<$function> for Results {
                type Data = ();

                fn entry(&self, cx: &EntryContext<'_, $function>) -> Entry<()> {
                    self.0.entries.fetch_add(1, Relaxed);
                    let _ = cx.args();
                    Entry::Trace(())
                }

                fn ret(&self, cx: &RetContext<'_, $function>, _data: &()) {
                    self.0.returns.fetch_add(1, Relaxed);
                    let good = |$value| $good;
                    self.0.expect(good(cx.return_value()));
                }
            }
        )*
    };
}

results! {
    functions_target_negative: value => value == -7;
    functions_target_nothing: _value => true;
    functions_target_six: value => value == 654_321;
    functions_target_ten: value => value == 36 + 90 + 1000;
    functions_target_large: value => value == 111;
}

fn arguments() -> Result {
    let seen = Results(Seen::new());
    let results = Arc::new(seen, GFP_KERNEL)?;
    macro_rules! with {
        ($function:ident, $call:expr) => {
            case(stringify!($function), || {
                let fprobe = plant($function::TARGET, results.clone())?;
                results.0.expect($call);
                state(stringify!($function), &fprobe);
                Ok(())
            })
        };
    }
    with!(
        functions_target_negative,
        black_box(c::functions_target_negative(7)) == -7
    );
    with!(functions_target_nothing, {
        let mut seen = 4;
        c::functions_target_nothing(&mut seen);
        seen == 5
    });
    with!(
        functions_target_six,
        black_box(c::functions_target_six(1, 2, 3, 4, 5, 6)) == 654_321
    );
    with!(
        functions_target_ten,
        black_box(c::functions_target_ten(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)) == 1126
    );
    with!(
        functions_target_large,
        black_box(c::functions_target_large(1, c::Large([10, 20, 30]), 50)) == 111
    );
    results.0.report("arguments");
    case("two words", || {
        let fprobe = plant(functions_target_two::TARGET, Both(Seen::new()))?;
        let two = black_box(c::functions_target_two(10, 20));
        let seen = &fprobe.handler().0;
        seen.expect(two.first == 11 && two.second == 22);
        seen.report("two words");
        state("two words", &fprobe);
        Ok(())
    });
    Ok(())
}

fn reach_itself() {
    call_add(1);
}

fn reach_another() {
    c::functions_target_reached();
}

fn recursion() {
    case("calls itself", || {
        let fprobe = plant(functions_target_sum::TARGET, Both(Seen::new()))?;
        let sum = black_box(c::functions_target_sum(5));
        fprobe.handler().0.expect(sum == 15);
        fprobe.handler().0.report("calls itself");
        state("calls itself", &fprobe);
        Ok(())
    });
    case("reaches itself", || {
        let fprobe = plant(
            functions_target_add::TARGET,
            AtEntry(Seen::reaching(reach_itself)),
        )?;
        call_add(40);
        fprobe.handler().0.report("reaches itself");
        state("reaches itself", &fprobe);
        Ok(())
    });
    case("reaches another", || {
        let other = plant(
            Target::symbol(c"functions_target:functions_target_reached"),
            AtEntry(Seen::new()),
        )?;
        let fprobe = plant(
            functions_target_add::TARGET,
            AtEntry(Seen::reaching(reach_another)),
        )?;
        call_add(40);
        fprobe.handler().0.report("reaches another");
        state("reaches another", &fprobe);
        other.handler().0.report("is reached");
        state("is reached", &other);
        Ok(())
    });
    case("exits", || {
        let fprobe = plant(functions_target_exit::TARGET, Both(Seen::new()))?;
        c::functions_target_run_exit();
        fprobe.handler().0.report("exits");
        state("exits", &fprobe);
        Ok(())
    });
}

/// Counts hits by function.
struct ByFunction {
    hits: KVec<Atomic<usize>>,
    /// Where they were hit, by what the handler was told.
    addresses: KVec<Atomic<usize>>,
    wrong: Atomic<usize>,
}

impl ByFunction {
    fn new(functions: usize) -> Result<Self> {
        let zeros = || {
            let mut zeros = KVec::with_capacity(functions, GFP_KERNEL)?;
            for _ in 0..functions {
                zeros.push(Atomic::new(0), GFP_KERNEL)?;
            }
            Ok::<_, Error>(zeros)
        };
        Ok(Self {
            hits: zeros()?,
            addresses: zeros()?,
            wrong: Atomic::new(0),
        })
    }
}

#[vtable]
impl fprobe::Handler for ByFunction {
    type Data = ();

    fn entry(&self, cx: &EntryContext<'_>) -> Entry<()> {
        let i = cx.index();
        if let (Some(hits), Some(address)) = (self.hits.get(i), self.addresses.get(i)) {
            hits.fetch_add(1, Relaxed);
            address.store(cx.address().0, Relaxed);
        } else {
            self.wrong.fetch_add(1, Relaxed);
        }
        Entry::Skip
    }
}

/// How far behind the beginning of a function its entry may be.
const ENTRY: usize = 8;

fn many() -> Result {
    let text = params::functions.get()?;
    let functions = if text.is_empty() {
        Functions::matching(c"functions_target:functions_target_many_* !*_1[5-9]*")
    } else {
        Functions::parse(&text)?
    };
    let fprobe = plant(functions, ByFunction::new(1500)?)?;
    c::functions_target_call_many();
    state("many", &fprobe);
    let handler = fprobe.handler();
    let right = fprobe.functions().enumerate().filter(|(i, function)| {
        let at = handler.addresses[*i].load(Relaxed);
        handler.hits[*i].load(Relaxed) == 1 && at.wrapping_sub(function.0) <= ENTRY
    });
    pr_info!(
        "many: {} hit once and where it is said, wrong {}, left out {}\n",
        right.count(),
        handler.wrong.load(Relaxed),
        fprobe.left_out().len()
    );
    for function in fprobe.functions().take(1) {
        pr_info!("many: the first is {}\n", function);
    }
    Ok(())
}

/// A probe that stays, on functions that others call meanwhile, while others come and go beside it, at the same
/// functions and at ones that all tasks call.
fn churn() -> Result<Pin<KBox<Fprobe<AtEntry>>>> {
    let many = c"functions_target:functions_target_many_*";
    let of_files = c"vfs_* !vfs_fs*";
    let stays = plant(Functions::matching(many), AtEntry(Seen::new()))?;
    pr_info!("watching\n");
    let (mut entries, mut returns) = (0, 0);
    for pattern in [many, c"*_read*", of_files] {
        let at_entry = plant(Functions::matching(pattern), AtEntry(Seen::new()))?;
        let both = plant(Functions::matching(c"vfs_r*"), Both(Seen::new()))?;
        let one = plant(kernel_clone::TARGET, Both(Seen::new()))?;
        fsleep(Delta::from_millis(50));
        at_entry.disable()?;
        let before = at_entry.handler().0.entries.load(Relaxed);
        fsleep(Delta::from_millis(1));
        if at_entry.handler().0.entries.load(Relaxed) != before {
            pr_err!("called after it was disabled\n");
            return Err(EINVAL);
        }
        entries += before;
        for seen in [&both.handler().0, &one.handler().0] {
            returns += seen.returns.load(Relaxed);
            if seen.wrong.load(Relaxed) != 0 {
                pr_err!("a return got what is another's\n");
                return Err(EINVAL);
            }
        }
    }
    pr_info!("churn: entries {}, returns {}\n", entries, returns);
    Ok(stays)
}

/// Tries to plant a probe in a handler.
fn plant_in_handler() {
    let handler = Ok::<_, Error>(AtEntry(Seen::new()));
    let fprobe: Result<Pin<KBox<Fprobe<AtEntry>>>> = KBox::pin_init(
        Fprobe::new(Target::symbol(c"vfs_write"), handler),
        GFP_ATOMIC,
    );
    pr_info!(
        "in a handler: {}\n",
        fprobe.err().map_or(0, Error::to_errno)
    );
}

fn in_handler() -> Result {
    let fprobe = plant(
        functions_target_add::TARGET,
        AtEntry(Seen::reaching(plant_in_handler)),
    )?;
    call_add(40);
    state("in a handler", &fprobe);
    Ok(())
}

fn left_out() -> Result {
    let targets = [
        functions_target_add::TARGET.raw(),
        Target::symbol(c"functions_target:functions_target_untraced"),
        Target::symbol(c"functions_target:functions_target_missing"),
        Target::symbol(c"s_next"),
    ];
    let refused = plant(Functions::list(&targets), AtEntry(Seen::new()));
    pr_info!(
        "all or none: {}\n",
        refused.err().map_or(0, Error::to_errno)
    );
    let refused = plant(Functions::list(&targets[..2]), AtEntry(Seen::new()));
    pr_info!("untraced: {}\n", refused.err().map_or(0, Error::to_errno));
    let fprobe = plant(Functions::list(&targets).that_exist(), AtEntry(Seen::new()))?;
    state("that exist", &fprobe);
    for left_out in fprobe.left_out() {
        pr_info!("left out {}\n", left_out);
    }
    {
        let alone = plant(targets[1], AtEntry(Seen::new()))?;
        c::functions_target_untraced(12);
        alone.handler().0.report("untraced");
        state("untraced", &alone);
    }
    Ok(())
}

fn switched() -> Result {
    let options = Options {
        mechanism: asked_for()?,
        disabled: true,
        ..Options::default()
    };
    let handler = Ok::<_, Error>(Both(Seen::new()));
    let fprobe: Pin<KBox<Fprobe<Both, functions_target_add>>> = KBox::pin_init(
        Fprobe::with(functions_target_add::TARGET, options, handler),
        GFP_KERNEL,
    )?;
    for i in 0..3 {
        call_add(10 * i);
        fprobe.enable()?;
        fprobe.enable()?;
        call_add(10 * i + 1);
        fprobe.disable()?;
        fprobe.disable()?;
    }
    fprobe.handler().0.report("switched");
    state("switched", &fprobe);
    Ok(())
}

/// Makes and drops probes in a call.
#[pin_data]
struct Changes {
    #[pin]
    probe: Mutex<Option<Pin<KBox<Fprobe<AtEntry>>>>>,
}

impl Replacement<functions_target_sleep> for Changes {
    fn call(
        &self,
        cx: &HookContext<'_, functions_target_sleep>,
    ) -> Returned<functions_target_sleep> {
        let returned = cx.original();
        let before = self.probe.lock().take();
        pr_info!("a hook drops {} probes\n", u32::from(before.is_some()));
        drop(before);
        let after: Result<Pin<KBox<Fprobe<AtEntry>>>> =
            plant(Target::symbol(c"vfs_rmdir"), AtEntry(Seen::new()));
        pr_info!(
            "a hook makes a probe: {}\n",
            after.err().map_or(0, Error::to_errno)
        );
        returned
    }
}

fn leak_hook() -> Result {
    let probe = plant(Target::symbol(c"vfs_mkdir"), AtEntry(Seen::new()))?;
    let changes = pin_init!(Changes {
        probe <- new_mutex!(Some(probe)),
    });
    // SAFETY: It does what the function does, and what is allowed where that sleeps.
    let hook = unsafe { Hook::new(functions_target_sleep::TARGET, changes) };
    core::mem::forget(KBox::pin_init(hook, GFP_KERNEL)?);
    Ok(())
}

/// A probe that stays until the module goes.
enum Stays {
    Sleep(Pin<KBox<Fprobe<Both, functions_target_sleep>>>),
    Exit(Pin<KBox<Fprobe<Both, functions_target_exit>>>),
    Cmdline(Pin<KBox<Fprobe<Both, cmdline_proc_show>>>),
    Functions(Pin<KBox<Fprobe<AtEntry>>>),
    Returns(Pin<KBox<Fprobe<Both>>>),
}

struct Module(Option<Stays>);

impl kernel::Module for Module {
    fn init(_module: &'static ThisModule) -> Result<Self> {
        let text = params::functions.get()?;
        let functions = || Functions::parse(&text);
        Ok(Self(match &*params::what.get()? {
            b"cases" => {
                kernels_own();
                arguments()?;
                recursion();
                case("switched", switched);
                None
            }
            b"many" => {
                many()?;
                None
            }
            b"left_out" => {
                left_out()?;
                None
            }
            b"sleep" => Some(Stays::Sleep(plant(
                functions_target_sleep::TARGET,
                Both(Seen::new()),
            )?)),
            b"exit" => Some(Stays::Exit(plant(
                functions_target_exit::TARGET,
                Both(Seen::new()),
            )?)),
            b"cmdline" => Some(Stays::Cmdline(plant(
                cmdline_proc_show::TARGET,
                Both(Seen::new()),
            )?)),
            b"churn" => Some(Stays::Functions(churn()?)),
            b"in_handler" => {
                in_handler()?;
                None
            }
            b"leak" => {
                core::mem::forget(plant(functions_target_sleep::TARGET, Both(Seen::new()))?);
                None
            }
            b"leak_hook" => {
                leak_hook()?;
                None
            }
            b"entries" => Some(Stays::Functions(plant(functions()?, AtEntry(Seen::new()))?)),
            b"returns" => Some(Stays::Returns(plant(functions()?, Both(Seen::new()))?)),
            _ => return Err(EINVAL),
        }))
    }
}

/// Reports when nothing is followed any more.
fn finish<F: Signature>(name: &str, fprobe: &mut Pin<KBox<Fprobe<Both, F>>>) {
    state(name, fprobe);
    fprobe.as_mut().unregister();
    fprobe.handler().0.report(name);
}

impl Drop for Module {
    fn drop(&mut self) {
        match &mut self.0 {
            Some(Stays::Sleep(fprobe)) => finish("sleep", fprobe),
            Some(Stays::Exit(fprobe)) => finish("exit", fprobe),
            Some(Stays::Cmdline(fprobe)) => finish("cmdline", fprobe),
            Some(Stays::Functions(fprobe)) => {
                state("entries", fprobe);
                fprobe.as_mut().unregister();
                fprobe.handler().0.report("entries");
            }
            Some(Stays::Returns(fprobe)) => finish("returns", fprobe),
            None => {}
        }
    }
}
